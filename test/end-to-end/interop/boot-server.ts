import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { vi } from "vitest";
import type { HubLab, Member } from "../../support/network/hub-lab.ts";
import { JsonProcess } from "../../support/network/lab.ts";

/** An emulated PC's BIOS is slow on a busy machine. */
const BOOTED = { timeout: 150_000, interval: 200 };

/** dnsmasq on a member: gives addresses from 10.20.0.100 on, and a program for iPXE. */
export class BootServer {
  readonly #dnsmasq: JsonProcess;

  private constructor(dnsmasq: JsonProcess) {
    this.#dnsmasq = dnsmasq;
  }

  static async start({ lab }: HubLab, { host, tap }: Member): Promise<BootServer> {
    const root = join(lab.directory, "tftp");
    mkdirSync(root, { mode: 0o755 });
    writeFileSync(join(root, "boot.ipxe"), "#!ipxe\nsleep 600\n");
    const child = host.spawn(
      "dnsmasq",
      [
        ...["--no-daemon", "--conf-file=/dev/null", "--pid-file=", "--user=root", "--port=0"],
        ...["--log-facility=-", "--log-dhcp", `--interface=${tap}`, "--bind-interfaces", "--no-ping"],
        ...["--dhcp-authoritative", "--dhcp-range=10.20.0.100,10.20.0.120,255.255.255.0,1h"],
        ...[`--dhcp-leasefile=${join(lab.directory, "leases")}`, "--dhcp-boot=boot.ipxe"],
        ...["--enable-tftp", `--tftp-root=${root}`],
      ],
      { stdio: ["ignore", "pipe", "pipe"] },
    );
    const dnsmasq = new JsonProcess(child, "dnsmasq");
    await vi.waitUntil(() => dnsmasq.stderr.includes("DHCP, IP range"), BOOTED);
    return new BootServer(dnsmasq);
  }

  /**
   * Waits until a machine has got an address and loaded its program.
   *
   * @param mac its address, or a prefix of it
   * @returns the address that it was given
   */
  async booted(mac: string): Promise<string> {
    let given = "";
    await vi.waitUntil(() => {
      const log = this.#dnsmasq.stderr;
      given = new RegExp(`DHCPACK\\(\\S+\\) (\\S+) ${mac}`).exec(log)?.[1] ?? "";
      return given !== "" && new RegExp(`sent \\S*boot\\.ipxe to ${given}`).test(log);
    }, BOOTED);
    return given;
  }
}
