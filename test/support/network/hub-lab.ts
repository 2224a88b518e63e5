// Shared by the tests of the hub: members of one network, each behind a NAT, and the kernel's own count of the frames
// that come out of a member's TAP.
import { join } from "node:path";
import { vi } from "vitest";
import type { JsonLine } from "../../../desktop/demo/lab/json-process.ts";
import type { Site } from "../../../desktop/demo/lab/lab.ts";
import {
  type Host,
  JsonProcess,
  Lab,
  type RunningClient,
  startRelay,
  type TestRelay,
  text,
  up,
} from "./lab.ts";

/** Far more than needed: the test checks that it happens, not how fast. */
export const WAIT = { timeout: 20_000, interval: 50 };

/** A host with one network up. */
export interface Member extends RunningClient {
  readonly host: Host;
  /** Its address without the prefix length; empty if it has none. */
  readonly ip: string;
  /** The hub's ID of its port. */
  readonly port: string;
}

export interface MemberOptions {
  readonly network?: string;
  /** Without the prefix length, which is 24. */
  readonly address?: string;
  readonly roles?: readonly string[];
  /** Further options of `laneway up`. */
  readonly args?: readonly string[];
}

/** One row of `laneway counters`. */
export interface Counters {
  readonly port: string;
  readonly state: string;
  readonly rx_frames: number;
  readonly tx_frames: number;
  readonly drops: Readonly<Record<string, number>>;
}

/** A relay with its network `lan`, and members of it. */
export class HubLab implements AsyncDisposable {
  readonly lab: Lab;
  readonly relay: TestRelay;
  readonly #sites = new Map<string, Promise<Site>>();
  #members = 0;

  private constructor(lab: Lab, relay: TestRelay) {
    this.lab = lab;
    this.relay = relay;
  }

  static async create(): Promise<HubLab> {
    const lab = await Lab.create();
    try {
      return new HubLab(lab, await startRelay(lab));
    } catch (error) {
      await lab.close();
      throw error;
    }
  }

  /** Returns the site of that name, and creates it at the first call. */
  site(name: string): Promise<Site> {
    let site = this.#sites.get(name);
    if (site === undefined) {
      site = this.lab.addSite(name);
      this.#sites.set(name, site);
    }
    return site;
  }

  /** Brings a network up on the host of a site; each time as another device. */
  async join(name: string, options: MemberOptions = {}): Promise<Member> {
    const { network = "lan", address, roles = [], args = [] } = options;
    const { host } = await this.site(name);
    const token = await this.token(network, roles);
    this.#members++;
    const state = join(this.lab.directory, `state-${this.#members}`);
    const cidr = address === undefined ? "none" : `${address}/24`;
    const client = await up(
      host,
      [network, "--relay", this.relay.url, "--state", state, "--address", cidr, ...args],
      { LANEWAY_TOKEN: token },
    );
    const port = await this.#portOf(client.mac, network);
    return { ...client, host, ip: address ?? "", port };
  }

  async token(network: string, roles: readonly string[]): Promise<string> {
    const role = roles.length === 0 ? [] : ["--role", ...roles];
    return text(await this.relay.create("token", "create", "--network", network, ...role), "token");
  }

  /** Changes settings, like `ra-guard=on`. */
  async set(network: string, ...settings: string[]): Promise<void> {
    await this.relay.create("network", "set", network, ...settings);
  }

  /** Returns the rows of `fdb`, `groups`, `neighbours`, `counters` or `trace`. */
  async show(what: string, network = "lan", ...args: string[]): Promise<JsonLine[]> {
    const { code, stderr, objects } = await this.relay.admin(what, "--network", network, ...args);
    if (code !== 0) throw new Error(`laneway ${what}: ${stderr}`);
    return objects;
  }

  async counters({ port, network }: Member): Promise<Counters> {
    const row = (await this.show("counters", network)).find((one) => one["port"] === port);
    if (row === undefined) throw new Error(`there are no counters of ${port}`);
    return row as unknown as Counters;
  }

  /** Returns how many frames from a member were dropped for this reason. */
  async drops(member: Member, reason: string): Promise<number> {
    return (await this.counters(member)).drops[reason] ?? 0;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.lab.close();
  }

  /** Finds the port by the client's registered MAC address, because `up` does not print it. */
  async #portOf(mac: string, network: string): Promise<string> {
    return await vi.waitFor(async () => {
      const row = (await this.show("fdb", network)).find((one) => one["mac"] === mac);
      return text(row ?? {}, "port");
    }, WAIT);
  }
}

/** Counts the frames that come out of a member's TAP, in the kernel. */
export class Watch {
  readonly #member: Member;

  private constructor(member: Member) {
    this.#member = member;
  }

  /**
   * Starts counting, and replaces an earlier watch there.
   *
   * @param matches nftables' expressions by name: `{ stream: "ip daddr 239.1.2.3" }`
   */
  static async start(member: Member, matches: Readonly<Record<string, string>>): Promise<Watch> {
    const rules = [
      "table netdev watch",
      "delete table netdev watch",
      "table netdev watch {",
      ...Object.keys(matches).map((name) => `counter ${name} { }`),
      "chain arriving {",
      `type filter hook ingress device "${member.tap}" priority 0;`,
      ...Object.entries(matches).map(([name, match]) => `${match} counter name "${name}"`),
      "}",
      "}",
    ];
    await member.host.mustExec("nft", ["-f", "-"], { input: `${rules.join("\n")}\n` });
    return new Watch(member);
  }

  async count(name: string): Promise<number> {
    const json = await this.#member.host.mustExec("nft", [
      ...["--json", "list", "counter", "netdev", "watch", name],
    ]);
    const { nftables } = JSON.parse(json) as { nftables: { counter?: { packets: number } }[] };
    for (const { counter } of nftables) if (counter !== undefined) return counter.packets;
    throw new Error(`nothing called ${name} is counted`);
  }

  /** Waits until at least so many have come. */
  async reach(name: string, count: number): Promise<void> {
    await vi.waitFor(async () => {
      const seen = await this.count(name);
      if (seen < count) throw new Error(`${seen} of ${count} frames of ${name} have come`);
    }, WAIT);
  }
}

/** Runs one of the programs of this directory on a host; they print JSON lines. */
export function startProgram(host: Host, file: string, ...args: string[]): JsonProcess {
  const child = host.spawn(process.execPath, [join(import.meta.dirname, file), ...args], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  return new JsonProcess(child, file);
}

/** Sends frames out of a member's TAP, in order, `times` over. */
export async function sendFrames(
  { host, tap }: Member,
  frames: readonly Uint8Array[],
  times = 1,
): Promise<void> {
  const program = join(import.meta.dirname, "send-frames.ts");
  const hexadecimal = frames.map((frame) => Buffer.from(frame).toString("hex"));
  await host.mustExec(process.execPath, [program, tap, "times", String(times), ...hexadecimal]);
}

/** Repeats a frame out of a member's TAP as fast as possible; returns how many the kernel took. */
export async function flood({ host, tap }: Member, frame: Uint8Array, seconds: number): Promise<number> {
  const program = join(import.meta.dirname, "send-frames.ts");
  const args = [program, tap, "seconds", String(seconds), Buffer.from(frame).toString("hex")];
  return Number(await host.mustExec(process.execPath, args));
}

/** Pings; returns the number of answers. */
export async function ping(from: Member, address: string, ...args: string[]): Promise<number> {
  const limits = ["-n", "-c", "3", "-i", "0.1", "-W", "5", ...args];
  const { stdout } = await from.host.exec("ping", [...limits, address], { env: { LC_ALL: "C" } });
  return Number(/(\d+) received/.exec(stdout)?.[1] ?? 0);
}
