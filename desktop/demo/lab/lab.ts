import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdir } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { Fault } from "../../../shared/values/fault.ts";
import { Host } from "./host.ts";
import { createLabId, isRunning } from "./lab-id.ts";
import { NAT_RULES } from "./nat-rules.ts";
import { labDirectory, remainsOf, removeLab, startGuard, sweepLabs } from "./remove-lab.ts";
import { mustRun } from "./run-command.ts";

/** RFC 5737's TEST-NET-3 plays the internet. */
const WAN_ADDRESS = "203.0.113.1";
const FIRST_ROUTER = 11;
const MOST_SITES = 200;
/** The same in every site, so that no site could route to another even without NAT. */
const ROUTER_LAN_ADDRESS = "192.168.1.1";
const HOST_LAN_ADDRESS = "192.168.1.2";
/** Milliseconds that processes get to end by themselves. */
const GRACE_MS = 3_000;
const POLL_MS = 50;

/** A home: a host behind its router's NAT, not reachable from outside. */
export type Site = {
  name: string;
  host: Host;
  router: Host;
  /** Its router's address on the internet: the source address of all that its host sends out. */
  wanAddress: string;
};

/**
 * A small internet on one machine: `wan`, and sites behind real NATs (nftables), each machine a network namespace. It
 * is invisible from outside, because interfaces are made inside the namespaces. It is always removed: by `close()`, by
 * a guard process if this process ends before, and by the next lab if the guard was killed too.
 */
export class Lab implements AsyncDisposable {
  readonly id: string;
  /** Directory for files of this lab, removed with it. Only root can read it. */
  readonly directory: string;
  /** The internet, where relays are: a bridge of all routers. */
  readonly wan: Host;
  /** The address of `wan`, reachable from every host. */
  readonly wanAddress = WAN_ADDRESS;
  readonly #signal: AbortSignal | undefined;
  readonly #guard: ChildProcess;
  readonly #sites: Site[] = [];
  #closing: Promise<void> | undefined;

  private constructor(id: string, signal: AbortSignal | undefined) {
    this.id = id;
    this.directory = labDirectory(id);
    this.wan = new Host("wan", `${id}-wan`);
    this.#signal = signal;
    this.#guard = startGuard(id);
  }

  /**
   * Creates a lab without sites.
   *
   * @param options.signal aborts the creation; the caller must still close the lab
   * @throws Fault `lab.no-permission` without root, `lab.command-failed` if the kernel lacks something
   */
  static async create(options: { signal?: AbortSignal } = {}): Promise<Lab> {
    options.signal?.throwIfAborted();
    if (process.geteuid?.() !== 0) throw noPermission();
    await Lab.sweep();
    const lab = new Lab(createLabId(), options.signal);
    try {
      await lab.#makeWan();
      return lab;
    } catch (error) {
      await lab.close();
      throw error;
    }
  }

  /** Removes the remains of labs whose creator is gone. */
  static sweep(): Promise<void> {
    return sweepLabs();
  }

  /** All its hosts, the internet first. */
  get hosts(): Host[] {
    return [this.wan, ...this.#sites.flatMap(({ router, host }) => [router, host])];
  }

  /** Adds a host, named `name` (letters and digits), behind its own NAT. */
  async addSite(name: string): Promise<Site> {
    const index = this.#sites.length;
    if (index === MOST_SITES) throw new RangeError(`a lab has ${MOST_SITES} sites at most`);
    const site: Site = {
      name,
      host: new Host(name, `${this.id}-${name}`),
      router: new Host(`${name}-router`, `${this.id}-${name}-router`),
      wanAddress: `203.0.113.${FIRST_ROUTER + index}`,
    };
    this.#sites.push(site);
    await this.#makeSite(site, `port${index}`);
    return site;
  }

  /** Ends every process in it, first gently, then by force, and removes it. May be called again. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** Returns the pids of all processes on its hosts. */
  async processes(): Promise<number[]> {
    return (await Promise.all(this.hosts.map((host) => host.processes()))).flat();
  }

  /** Returns what still exists: namespaces, its directory, and running ones of `processes`. Empty once it is closed. */
  async remains(processes: readonly number[] = []): Promise<string[]> {
    return [...(await remainsOf(this.id)), ...processes.filter(isRunning).map((pid) => `process ${pid}`)];
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #makeWan(): Promise<void> {
    await mkdir(this.directory, { mode: 0o700 });
    await this.#addNamespace(this.wan);
    await this.#ip(this.wan, [
      "link add wan type bridge",
      `address add ${WAN_ADDRESS}/24 dev wan`,
      "link set wan up",
    ]);
  }

  async #makeSite({ host, router, wanAddress }: Site, port: string): Promise<void> {
    await this.#addNamespace(router);
    await this.#addNamespace(host);
    await this.#ip(router, [
      `link add wan type veth peer name ${port} netns ${this.wan.namespace}`,
      `link add lan type veth peer name eth0 netns ${host.namespace}`,
      `address add ${wanAddress}/24 dev wan`,
      `address add ${ROUTER_LAN_ADDRESS}/24 dev lan`,
      "link set wan up",
      "link set lan up",
      `route add default via ${WAN_ADDRESS}`,
    ]);
    await this.#ip(this.wan, [`link set ${port} master wan`, `link set ${port} up`]);
    await this.#ip(host, [
      `address add ${HOST_LAN_ADDRESS}/24 dev eth0`,
      "link set eth0 up",
      `route add default via ${ROUTER_LAN_ADDRESS}`,
    ]);
    const options = { signal: this.#signal };
    await router.mustExec("nft", ["-f", "-"], { ...options, input: NAT_RULES });
    await router.mustExec("sh", ["-c", "echo 1 > /proc/sys/net/ipv4/ip_forward"], options);
  }

  async #addNamespace(host: Host): Promise<void> {
    await mustRun("ip", ["netns", "add", host.namespace], { signal: this.#signal });
    await this.#ip(host, ["link set lo up"]);
  }

  async #ip(host: Host, lines: readonly string[]): Promise<void> {
    const input = `${lines.join("\n")}\n`;
    await mustRun("ip", ["-netns", host.namespace, "-batch", "-"], { signal: this.#signal, input });
  }

  async #close(): Promise<void> {
    await this.#endProcesses();
    await removeLab(this.id);
    // The guard finds nothing left to remove.
    this.#guard.ref();
    const ended = once(this.#guard, "exit");
    this.#guard.stdin?.end();
    if (this.#guard.exitCode === null && this.#guard.signalCode === null) await ended;
  }

  async #endProcesses(): Promise<void> {
    const deadline = Date.now() + GRACE_MS;
    for (const pid of await this.processes()) terminate(pid);
    while ((await this.processes()).length > 0 && Date.now() < deadline) await delay(POLL_MS);
    // removeLab() kills the rest.
  }
}

function terminate(pid: number): void {
  try {
    process.kill(pid, "SIGTERM");
  } catch {
    // It has ended meanwhile.
  }
}

function noPermission(): Fault {
  return new Fault({
    code: "lab.no-permission",
    message: "creating network namespaces needs root",
    hint: "run it as root, for example with sudo",
  });
}
