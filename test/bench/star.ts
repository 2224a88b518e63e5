import type { ChildProcess } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Host } from "../../desktop/demo/lab/host.ts";
import { Lab } from "../../desktop/demo/lab/lab.ts";
import { mustRun } from "../../desktop/demo/lab/run-command.ts";
import { Fault } from "../../shared/values/fault.ts";

const READY_MS = 30_000;
const POLL_MS = 100;
const GRACE_MS = 3_000;

/** A client of the star: its host, and the addresses of both ends of its line to the hub. */
export interface Arm {
  readonly host: Host;
  readonly address: string;
  readonly hubAddress: string;
  /** Its address on the overlay. */
  readonly overlayAddress: string;
}

/**
 * Two clients and a hub between them, each a network namespace, joined by veths of MTU 1500. The hub forwards no IP
 * by default, so frames that arrive went through the overlay. The lab's end removes everything.
 *
 *     a  up0 198.51.100.2 ── .1 to-a  hub  to-b .129 ── 198.51.100.130 up0  b
 */
export class Star implements AsyncDisposable {
  readonly a: Arm;
  readonly b: Arm;
  readonly hub: Host;
  /** A directory for files, removed with the star. */
  readonly directory: string;
  readonly #lab: Lab;
  readonly #signal: AbortSignal;
  readonly #logs: string[] = [];

  private constructor(lab: Lab, signal: AbortSignal) {
    const arm = (name: string, address: string, hubAddress: string, overlayAddress: string): Arm => {
      return { host: new Host(name, `${lab.id}-${name}`), address, hubAddress, overlayAddress };
    };
    this.#lab = lab;
    this.#signal = signal;
    this.hub = lab.wan;
    this.directory = lab.directory;
    // RFC 5737's TEST-NET-2, in two halves.
    this.a = arm("a", "198.51.100.2", "198.51.100.1", "10.88.0.1");
    this.b = arm("b", "198.51.100.130", "198.51.100.129", "10.88.0.2");
  }

  static async create(signal: AbortSignal): Promise<Star> {
    const lab = await Lab.create({ signal });
    const star = new Star(lab, signal);
    try {
      mkdirSync(join(star.directory, "logs"));
      await star.forwardIp(false);
      for (const arm of star.arms) await star.#join(arm);
      return star;
    } catch (error) {
      await star[Symbol.asyncDispose]();
      throw error;
    }
  }

  get arms(): readonly [Arm, Arm] {
    return [this.a, this.b];
  }

  get hosts(): readonly Host[] {
    return [this.hub, this.a.host, this.b.host];
  }

  /** The pids of all processes in it. */
  async processes(): Promise<number[]> {
    return (await Promise.all(this.hosts.map((host) => host.processes()))).flat();
  }

  /** Sets whether the hub forwards IP packets between its lines. */
  async forwardIp(on: boolean): Promise<void> {
    await this.shell(this.hub, `echo ${on ? 1 : 0} > /proc/sys/net/ipv4/ip_forward`);
  }

  /** Runs commands of ip-batch(8) on a host. */
  async ip(host: Host, ...lines: readonly string[]): Promise<void> {
    const input = `${lines.join("\n")}\n`;
    await mustRun("ip", ["-netns", host.namespace, "-batch", "-"], { signal: this.#signal, input });
  }

  /** Runs a line of shell on a host; it must succeed. */
  shell(host: Host, line: string): Promise<string> {
    return host.mustExec("sh", ["-c", line], { signal: this.#signal });
  }

  /** Starts a command in the background, and keeps its output for {@link complaints}. */
  start(host: Host, command: string, args: readonly string[]): ChildProcess {
    const log = join(this.directory, "logs", `${this.#logs.length}-${host.name}`);
    this.#logs.push(log);
    const out = openSync(log, "w");
    try {
      return host.spawn(command, args, { stdio: ["ignore", out, out] }).on("error", () => {});
    } finally {
      closeSync(out);
    }
  }

  /** Returns the last line of each started command. */
  complaints(): string {
    const last = this.#logs.map((log) => readFileSync(log, "utf8").trim().split("\n").at(-1) ?? "");
    return last.filter(Boolean).join("; ");
  }

  /**
   * Waits until `ready` returns true.
   *
   * @throws Fault `bench.not-ready` after 30 s
   */
  async until(what: string, ready: () => Promise<boolean>): Promise<void> {
    const deadline = performance.now() + READY_MS;
    while (!(await ready())) {
      if (performance.now() > deadline) {
        throw new Fault({
          code: "bench.not-ready",
          message: `${what} did not come in time: ${this.complaints() || "nothing was said"}`,
          hint: "try again when this machine is less busy",
        });
      }
      await delay(POLL_MS, undefined, { signal: this.#signal });
    }
  }

  /** Returns whether a command succeeds on a host. */
  async succeeds(host: Host, command: string, args: readonly string[]): Promise<boolean> {
    return (await host.exec(command, args, { signal: this.#signal })).code === 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      for (const pid of await this.processes()) terminate(pid);
      const deadline = performance.now() + GRACE_MS;
      while ((await this.processes()).length > 0 && performance.now() < deadline) await delay(POLL_MS);
    } finally {
      await this.#lab.close();
    }
  }

  async #join({ host, address, hubAddress }: Arm): Promise<void> {
    await mustRun("ip", ["netns", "add", host.namespace], { signal: this.#signal });
    // The traffic of IPv6 itself would be measured too.
    await this.shell(host, "echo 1 | tee /proc/sys/net/ipv6/conf/*/disable_ipv6");
    await this.ip(
      host,
      "link set lo up",
      `link add up0 type veth peer name to-${host.name} netns ${this.hub.namespace}`,
      `address add ${address}/25 dev up0`,
      "link set up0 up",
    );
    await this.ip(
      this.hub,
      `address add ${hubAddress}/25 dev to-${host.name}`,
      `link set to-${host.name} up`,
    );
    await this.ip(host, `route add default via ${hubAddress}`);
  }
}

function terminate(pid: number): void {
  try {
    process.kill(pid, "SIGTERM");
  } catch {
    // The process has ended meanwhile.
  }
}
