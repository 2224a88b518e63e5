// Shared by tests with third-party tunnel ends: a rack on the relay's wire, and a client at home.
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect } from "vitest";
import type { JsonLine } from "../../../desktop/demo/lab/json-process.ts";
import type { Site } from "../../../desktop/demo/lab/lab.ts";
import { parsePing } from "../../../desktop/demo/measure.ts";
import {
  type Host,
  Lab,
  type RunningClient,
  startRelay,
  type TestRelay,
  text,
  up,
} from "../../support/network/lab.ts";

const ENGLISH = { LC_ALL: "C" };
const ATTEMPTS = 100;
const ATTEMPT_MS = 100;

/** A relay on the internet, a client at home behind a NAT, and a rack on the relay's own wire. */
export class Wire implements AsyncDisposable {
  readonly lab: Lab;
  readonly relay: TestRelay;
  /** Its interface `wan` is on the underlay. */
  readonly rack: Host;
  readonly rackAddress: string;
  /** Behind the rack's machine, which routes for it. */
  readonly farHost: Host;
  readonly home: Host;

  private constructor(lab: Lab, relay: TestRelay, rack: Site, home: Host) {
    this.lab = lab;
    this.relay = relay;
    this.rack = rack.router;
    this.rackAddress = rack.wanAddress;
    this.farHost = rack.host;
    this.home = home;
  }

  static async create(): Promise<Wire> {
    const lab = await Lab.create();
    try {
      const [rack, home] = [await lab.addSite("rack"), await lab.addSite("home")];
      // A machine with a server's rules, not a home's router.
      await rack.router.mustExec("nft", ["delete", "table", "inet", "router"]);
      return new Wire(lab, await startRelay(lab), rack, home.host);
    } catch (error) {
      await lab.close();
      throw error;
    }
  }

  /** The relay's address on the underlay. */
  get relayAddress(): string {
    return this.lab.wanAddress;
  }

  /** Makes a network, and brings the client up in it. */
  async network(name: string, address: string, ...options: string[]): Promise<RunningClient> {
    await this.relay.create("network", "create", name, ...options);
    const token = await this.relay.token(name);
    const access = ["--relay", this.relay.url, "--token", token];
    return up(this.home, [name, ...access, "--state", join(this.lab.directory, name), "--address", address]);
  }

  /** Makes a port; resolves to its ID. */
  async port(network: string, ...options: string[]): Promise<string> {
    const port = await this.relay.create("port", "create", "--network", network, ...options);
    expect(port).toMatchObject({ network, state: "up" });
    return text(port, "id");
  }

  /** Returns a port's current state. */
  async show(network: string, id: string): Promise<JsonLine> {
    const { objects } = await this.relay.admin("port", "show", id, "--network", network);
    return objects[0] ?? {};
  }

  async fdb(network: string): Promise<JsonLine[]> {
    return (await this.relay.admin("fdb", "--network", network)).objects;
  }

  /** Makes a Linux VXLAN interface in the rack, with an overlay address. */
  async vtep(name: string, vni: number, address: string, ...options: string[]): Promise<void> {
    const { rack } = this;
    await rack.mustExec("ip", ["link", "add", name, "type", "vxlan", "id", String(vni), ...options]);
    await rack.mustExec("ip", ["address", "add", address, "dev", name, ...noDad(address)]);
    await rack.mustExec("ip", ["link", "set", name, "up"]);
  }

  /** The MAC address of an interface in the rack. */
  async macOf(name: string): Promise<string> {
    const [link] = JSON.parse(await this.rack.mustExec("ip", ["-json", "link", "show", "dev", name]));
    return String(link.address);
  }

  /** Returns what a VXLAN interface of the rack has learnt: the outer address by MAC. */
  async bridgeFdb(name: string): Promise<Map<string, string>> {
    const output = await this.rack.mustExec("bridge", ["-json", "fdb", "show", "dev", name]);
    const rows = JSON.parse(output) as { mac: string; dst?: string }[];
    return new Map(rows.map(({ mac, dst }) => [mac, dst ?? ""]));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.lab.close();
  }
}

/** Returns options that make an IPv6 address usable at once, without duplicate address detection. */
export function noDad(address: string): string[] {
  return address.includes(":") ? ["nodad"] : [];
}

/** Pings; returns the number of answers, and ping's output. */
export async function ping(from: Host, address: string, ...args: string[]): Promise<[number, string]> {
  const { stdout, stderr } = await from.exec("ping", ["-n", "-i", "0.1", "-W", "10", ...args, address], {
    env: ENGLISH,
  });
  return [parsePing(stdout).received, stdout + stderr];
}

/** Sends 2 MiB by TCP from one host to another; returns how many bytes the receiver had counted by the end. */
export async function iperf(from: Host, to: Host, address: string, ...args: string[]): Promise<number> {
  const server = to.spawn("iperf3", ["--server", "--one-off", "--bind", address, "--forceflush"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(server, "exit");
  if (server.stdout !== null) await once(server.stdout, "data");
  const output = await from.mustExec("iperf3", ["--client", address, "--json", "--bytes", "2M", ...args]);
  await ended;
  return Number((JSON.parse(output) as { end: { sum_received: { bytes: number } } }).end.sum_received.bytes);
}

/** Polls until the condition holds. */
export async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (await isSo()) return;
    await delay(ATTEMPT_MS);
  }
  throw new Error(`it did not come to this: ${what}`);
}

/** tshark's view of an interface, by default the underlay's, one line per packet, until it is disposed of. */
export class Watch implements AsyncDisposable {
  #output = "";
  readonly #process: ReturnType<Host["spawn"]>;

  private constructor(process: ReturnType<Host["spawn"]>) {
    this.#process = process;
    process.stdout?.on("data", (data: Buffer) => {
      this.#output += data.toString();
    });
  }

  static async start(
    host: Host,
    filter: string,
    fields: readonly string[],
    directory: string,
    link = "wan",
  ): Promise<Watch> {
    const args = [
      "-n",
      "-l",
      "-i",
      link,
      "-f",
      filter,
      "-T",
      "fields",
      ...fields.flatMap((one) => ["-e", one]),
    ];
    const child = host.spawn("tshark", args, {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...ENGLISH, HOME: directory, XDG_CONFIG_HOME: directory },
    });
    const watch = new Watch(child);
    let said = "";
    child.stderr?.on("data", (data: Buffer) => {
      said += data.toString();
    });
    await until("tshark captures", async () => said.includes("Capturing on"));
    // It says so a little before it starts.
    await delay(500);
    return watch;
  }

  get lines(): string[][] {
    return this.#output
      .split("\n")
      .slice(0, -1)
      .map((line) => line.split("\t"));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#process, "exit");
    this.#process.kill("SIGTERM");
    await ended;
  }
}
