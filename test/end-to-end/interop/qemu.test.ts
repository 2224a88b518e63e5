// QEMU's machines on a network without a TAP and without root: they use DHCP and TFTP from a server on the segment, and
// reach each other.
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { HubLab, WAIT } from "../../support/network/hub-lab.ts";
import { type Host, hasLab, JsonProcess } from "../../support/network/lab.ts";
import { BootServer } from "./boot-server.ts";
import { QEMU } from "./firmware.ts";

const MACHINES = ["02:aa:00:00:00:01", "02:aa:00:00:00:02"] as const;

let lab: HubLab;
let server: BootServer;
let host: Host;
let socket: string;
let client: JsonProcess;

describe.runIf(hasLab("dnsmasq", "setpriv", QEMU))("QEMU's machines", () => {
  beforeAll(async () => {
    lab = await HubLab.create();
    server = await BootServer.start(lab, await lab.join("server", { address: "10.20.0.1" }));
    ({ host } = await lab.site("machines"));
    socket = "127.0.0.1:4100";
    // Root's files, without root's capabilities.
    const powerless = ["--bounding-set=-all", "--inh-caps=-all", "--no-new-privs"];
    const laneway = [
      process.execPath,
      join(import.meta.dirname, "../../../bin/laneway.js"),
      "up",
      "lan",
      "--json",
    ];
    const state = join(lab.lab.directory, "state-machines");
    const child = host.spawn(
      "setpriv",
      [
        ...powerless,
        ...laneway,
        "--relay",
        lab.relay.url,
        "--qemu",
        socket,
        "--state",
        state,
        "--foreground",
      ],
      { stdio: ["ignore", "pipe", "pipe"], env: { LANEWAY_TOKEN: await lab.token("lan", []) } },
    );
    client = new JsonProcess(child, "laneway up");
  });
  afterAll(async () => {
    await client?.[Symbol.asyncDispose]();
    await lab?.[Symbol.asyncDispose]();
  });

  it("are on the network through a client without an interface", async () => {
    const up = await client.event("up");

    expect(up).toMatchObject({ network: "lan" });
    expect(up).not.toHaveProperty("tap");
  });

  it("boot from a server there, several at once, and are registered", { timeout: 180_000 }, async () => {
    await using _one = boot(MACHINES[0]);
    await using _other = boot(MACHINES[1]);

    const [one, other] = await Promise.all(MACHINES.map((mac) => server.booted(mac)));
    expect(one).not.toBe(other);
    await vi.waitUntil(async () => {
      const rows = await lab.show("fdb");
      return MACHINES.every((mac) => rows.some((row) => row["mac"] === mac && row["kind"] === "registered"));
    }, WAIT);
  });

  it("are removed from the forwarding table when they are gone", async () => {
    await vi.waitUntil(async () => {
      const rows = await lab.show("fdb");
      return MACHINES.every((mac) => !rows.some((row) => row["mac"] === mac && row["kind"] === "registered"));
    }, WAIT);
  });
});

function boot(mac: string): JsonProcess {
  const [address, port] = socket.split(":");
  const child = host.spawn(
    QEMU,
    [
      ...["-M", "pc", "-accel", "tcg", "-m", "32", "-nodefaults", "-display", "none", "-boot", "n"],
      ...["-netdev", `stream,id=lan,server=off,addr.type=inet,addr.host=${address},addr.port=${port}`],
      ...["-device", `virtio-net-pci,netdev=lan,mac=${mac}`],
    ],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  return new JsonProcess(child, `QEMU ${mac}`);
}
