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
/** The same in every site, so that no site could route to another's even without its NAT. */
const ROUTER_LAN_ADDRESS = "192.168.1.1";
const HOST_LAN_ADDRESS = "192.168.1.2";
/** How long processes get to end by themselves, in milliseconds. */
const GRACE_MS = 3_000;
const POLL_MS = 50;

/** A home: a host that gets out through its router's NAT, and that nothing gets in to. */
export type Site = {
  name: string;
  host: Host;
  router: Host;
  /** Its router's address on the internet, which all that its host sends out seems to come from. */
  wanAddress: string;
};

/**
 * A small internet on one machine: `wan`, and sites behind real NATs (nftables), each machine a network namespace.
 * Nothing of it is seen from outside: interfaces are made inside the namespaces. However this process ends, all of
 * it goes: `close()` does it in order, a guard process when nobody came to that, and the next lab's beginning sweeps
 * up after a guard that was killed too.
 */
export class Lab implements AsyncDisposable {
  readonly id: string;
  /** A directory for files of this lab, gone with it. Only root can read it. */
  readonly directory: string;
  /** The internet, where relays are: a bridge that all routers are on. */
  readonly wan: Host;
  /** The address of `wan`, reached from every host. */
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
   * Makes a lab without sites.
   *
   * @param options.signal ends what is under way in making it; closing is still up to the caller.
   * @throws Fault `lab.no-permission` without root, `lab.command-failed` where the kernel lacks something.
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

  /** Removes what labs left whose creator is gone. */
  static sweep(): Promise<void> {
    return sweepLabs();
  }

  /** Everything in it, the internet first. */
  get hosts(): Host[] {
    return [this.wan, ...this.#sites.flatMap(({ router, host }) => [router, host])];
  }

  /** Adds a host, called `name` (letters and digits), behind a NAT of its own. */
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

  /** Ends every process in it, first asking, then not, and removes it. May be called again. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** The pids of all that runs on its hosts. */
  async processes(): Promise<number[]> {
    return (await Promise.all(this.hosts.map((host) => host.processes()))).flat();
  }

  /** What is there of it: namespaces, its directory, and those of `processes` that run. Nothing once it is closed. */
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
    // It finds nothing left to remove.
    this.#guard.ref();
    const ended = once(this.#guard, "exit");
    this.#guard.stdin?.end();
    if (this.#guard.exitCode === null && this.#guard.signalCode === null) await ended;
  }

  async #endProcesses(): Promise<void> {
    const deadline = Date.now() + GRACE_MS;
    for (const pid of await this.processes()) terminate(pid);
    while ((await this.processes()).length > 0 && Date.now() < deadline) await delay(POLL_MS);
    // Whatever is left now, removeLab() kills.
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
    message: "making network namespaces takes root",
    hint: "run it as root, for example with sudo",
  });
}
