import { readFileSync } from "node:fs";
import { formatMac, parseMac } from "../../../shared/frame/mac.ts";
import { Fault } from "../../../shared/values/fault.ts";
import type { Problem } from "../../rpc/shapes.ts";
import { type IpRoute, type LinkState, readLinks, readRoutes } from "../system/state.ts";
import { type SystemWatcher, system } from "../system/watcher.ts";
import type { TapDevice } from "../tap/device.ts";
import { changeLink } from "../tap/link.ts";
import { problemOf } from "../trust/refusal.ts";
import { type Difference, type DifferenceKind, differences, type InterfaceWanted } from "./differences.ts";
import type { InterfaceNews } from "./news.ts";
import { type InterfaceOptions, openInterface, queueOf } from "./open-interface.ts";
import { RepairLimit } from "./repair-limit.ts";

/** Events that users of an interface receive. */
export interface KeeperEvents {
  /** The interface was gone; `tap` is its replacement, configured and up. The keeper closes the old one. */
  replaced(tap: TapDevice): void;
  /** The interface has another MAC address, 48 bits. */
  macChanged(mac: number): void;
  /** Its addresses may have changed. */
  changed(): void;
  news(news: InterfaceNews): void;
}

export interface KeeperOptions extends InterfaceOptions {
  readonly watcher?: SystemWatcher;
}

/** Maximum rounds in a row: one repair can reveal the next, such as IPv6 addresses once a link is up. */
const ROUNDS = 4;

/**
 * Keeps one interface in its wanted state. On every change that the system reports it compares, repairs differences,
 * recreates a missing interface, and follows a new MAC address. Reports what it did, and what it can't do.
 */
export class InterfaceKeeper {
  readonly #options: KeeperOptions;
  readonly #watcher: SystemWatcher;
  readonly #limit = new RepairLimit<DifferenceKind>();
  readonly #faults = new Map<DifferenceKind, Problem>();
  /** The kinds whose repair failed in the previous round. */
  #failed: ReadonlySet<DifferenceKind> = new Set();
  #tap: TapDevice;
  #link: LinkState;
  #wanted: InterfaceWanted;
  #unlisten = () => {};
  #events: KeeperEvents | undefined;
  #work: Promise<void> | undefined;
  #again = false;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #isClosed = false;

  private constructor(tap: TapDevice, link: LinkState, options: KeeperOptions) {
    this.#tap = tap;
    this.#link = link;
    this.#options = options;
    this.#watcher = options.watcher ?? system;
    const { mtu, address, address6 } = options;
    this.#wanted = {
      name: tap.name,
      mtu,
      txqueuelen: queueOf(tap),
      addresses: [address, address6].filter((one) => one !== undefined),
    };
  }

  /**
   * Creates an interface, which is kept from {@link start} on.
   *
   * @throws Fault those of {@link openInterface}; the signal's reason
   */
  static async open(options: KeeperOptions): Promise<InterfaceKeeper> {
    const tap = await openInterface({ ...options, made: owned(options) });
    try {
      return new InterfaceKeeper(tap, await findLink(tap.name, options.signal), options);
    } catch (error) {
      await tap.close();
      throw error;
    }
  }

  /** The device; a replacement may follow. */
  get tap(): TapDevice {
    return this.#tap;
  }

  /** Differences that can't be repaired for now. */
  get faults(): readonly Problem[] {
    return [...this.#faults.values()];
  }

  /** Keeps the interface and reports its changes, until {@link stop}. */
  start(events: KeeperEvents): void {
    this.#events = events;
    this.#unlisten = this.#watcher.listen({
      changed: ({ touched, sweep }) => {
        if (sweep || touched.has(this.#link.index)) this.check();
      },
    });
  }

  /** Checks the interface now, because it may be gone. */
  check(): void {
    if (this.#isClosed || this.#events === undefined) return;
    this.#again = true;
    this.#work ??= this.#run().finally(() => {
      this.#work = undefined;
    });
  }

  /** Stops keeping the interface; resolves once no repair is running. The caller closes the device. */
  async stop(): Promise<void> {
    this.#isClosed = true;
    this.#unlisten();
    clearTimeout(this.#retry);
    await this.#work;
  }

  async #run(): Promise<void> {
    clearTimeout(this.#retry);
    this.#retry = undefined;
    try {
      let left: readonly Difference[] = [];
      for (let round = 0; round < ROUNDS && !this.#isClosed; round++) {
        this.#again = false;
        left = await this.#round();
        if (!this.#again) break;
      }
      if (this.#isClosed) return;
      this.#tellFaults(left);
    } catch (error) {
      if (this.#options.signal.aborted) return;
      // For example, no process could be started.
      const problem = error instanceof Fault ? problemOf(error) : undefined;
      this.#news({
        kind: "fault",
        message: `${this.#wanted.name} can't be read`,
        ...(problem && { problem }),
      });
      this.#later(["state"]);
    }
  }

  /** Compares once, and repairs. Returns the differences. */
  async #round(): Promise<readonly Difference[]> {
    const { signal } = this.#options;
    // Reads the routes first, because the state of the link read afterwards says whether there should be any.
    const routes = await Promise.all(
      ([4, 6] as const).map((version) => readInterfaceRoutes(version, this.#link.name, signal)),
    );
    const link = (await readLinks(signal)).find(({ index }) => index === this.#link.index);
    if (link === undefined) return await this.#replace();
    if (this.#isClosed) return [];
    this.#follow(link);
    const found = differences(this.#wanted, link, routes.flat());
    const failing = new Set<DifferenceKind>();
    for (const difference of found) await this.#repair(difference, failing);
    this.#failed = failing;
    return found;
  }

  /** Adopts changes that are allowed. */
  #follow(link: LinkState): void {
    const before = this.#link;
    this.#link = link;
    const linkLocal = link.addresses.find(({ scope, cidr }) => scope === "link" && cidr.includes(":"))?.cidr;
    if (linkLocal !== undefined && !this.#wanted.addresses.includes(linkLocal)) {
      const others = this.#wanted.addresses.filter((cidr) => !isLinkLocal(cidr));
      this.#wanted = { ...this.#wanted, addresses: [...others, linkLocal] };
    }
    if (before.mac !== link.mac) {
      const mac = parseMac(link.mac);
      if (mac !== undefined) this.#events?.macChanged(mac);
      this.#news({ kind: "followed", message: `${link.name} was given the MAC address ${link.mac}` });
    }
    if (JSON.stringify(before.addresses) !== JSON.stringify(link.addresses)) this.#events?.changed();
  }

  /** @param failing kinds whose repair failed in this round; this kind is added if it fails */
  async #repair({ kind, what, repair }: Difference, failing: Set<DifferenceKind>): Promise<void> {
    const { signal } = this.#options;
    if (this.#isClosed || !this.#limit.take(kind)) return;
    try {
      for (const args of repair) await this.#change(args, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof Fault)) throw error;
      // The interface may have been changed or deleted meanwhile: the next round sees its new state.
      const isRepeated = this.#failed.has(kind) && error.code !== "link.gone";
      if (isRepeated) this.#fault(kind, what, error.message, this.#advice(kind, error.hint));
      else this.#again = true;
      failing.add(kind);
      return;
    }
    if (!this.#limit.isSpent(kind)) this.#faults.delete(kind);
    this.#again = true;
    this.#news({ kind: "put-back", message: `${this.#wanted.name} ${what}: restored` });
  }

  /** Linux before 6.3 can't rename a link that is up. */
  async #change(args: readonly string[], signal: AbortSignal): Promise<void> {
    try {
      await changeLink(args, signal);
    } catch (error) {
      if (!(args.includes("name") && error instanceof Fault && /busy/i.test(error.message))) throw error;
      await changeLink(["link", "set", "dev", args[3] ?? "", "down"], signal);
      await changeLink(args, signal);
    }
  }

  async #replace(): Promise<readonly Difference[]> {
    const { name } = this.#wanted;
    const gone: Difference = { kind: "gone", what: "was deleted", repair: [] };
    if (!this.#limit.take("gone")) return [gone];
    const { signal } = this.#options;
    // The replacement gets the same settings, including the last MAC address.
    const mac = parseMac(this.#link.mac) ?? this.#options.mac;
    const before = this.#tap;
    // An interface that was only moved to another network namespace is removed with its descriptor.
    await before.close();
    let tap: TapDevice;
    try {
      tap = await this.#reopen(name, mac);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof Fault)) throw error;
      this.#fault("gone", gone.what, error.message, error.hint);
      return [gone];
    }
    if (this.#isClosed) {
      await tap.close();
      return [];
    }
    this.#tap = tap;
    this.#link = await findLink(tap.name, signal);
    this.#wanted = { ...this.#wanted, name: tap.name };
    this.#faults.clear();
    this.#events?.replaced(tap);
    if (formatMac(mac) !== this.#link.mac) this.#events?.macChanged(parseMac(this.#link.mac) ?? mac);
    this.#news({ kind: "put-back", message: `${name} was deleted: created again` });
    this.#again = true;
    return [];
  }

  /** Another interface may have the name by now: then any name will do, unless the user asked for this one. */
  async #reopen(name: string, mac: number): Promise<TapDevice> {
    const options = { ...this.#options, made: owned(this.#options) };
    try {
      return await openInterface({ ...options, mac, name });
    } catch (error) {
      const isTaken = error instanceof Fault && error.code === "tap.name-taken";
      if (!isTaken || options.name !== undefined) throw error;
      return await openInterface({ ...options, mac });
    }
  }

  /** Reports the remaining differences, and schedules another try. */
  #tellFaults(left: readonly Difference[]): void {
    const kinds = new Set(left.map(({ kind }) => kind));
    for (const kind of this.#faults.keys()) {
      if (!kinds.has(kind) && !this.#limit.isSpent(kind)) this.#forgive(kind);
    }
    for (const { kind, what } of left) {
      if (!this.#limit.isSpent(kind) || this.#faults.has(kind)) continue;
      const why = "another program keeps changing it; Laneway restores it five times a minute";
      this.#fault(
        kind,
        what,
        why,
        "Find that program, and make it leave the interface alone: see docs/agent.md.",
      );
    }
    if (left.length > 0 || this.#faults.size > 0) this.#later([...kinds, ...this.#faults.keys()]);
  }

  #later(kinds: Iterable<DifferenceKind>): void {
    const seconds = Math.max(1, this.#limit.wait(kinds));
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.check(), seconds * 1_000);
  }

  #forgive(kind: DifferenceKind): void {
    this.#faults.delete(kind);
    this.#news({ kind: "put-back", message: `${this.#wanted.name} is no longer changed by others` });
  }

  #fault(kind: DifferenceKind, what: string, why: string, hint: string): void {
    const message = `${this.#wanted.name} ${what}, and that can't be restored: ${why}`;
    const problem = { code: "interface.changed", message, hint };
    const isNew = this.#faults.get(kind)?.message !== message;
    this.#faults.set(kind, problem);
    if (isNew) this.#news({ kind: "fault", message, problem });
  }

  #advice(kind: DifferenceKind, hint: string): string {
    const { name } = this.#link;
    if (kind !== "address6" || !isIpv6Off(name)) return hint;
    return `IPv6 is switched off there: sudo sysctl net.ipv6.conf.${name}.disable_ipv6=0`;
  }

  #news(news: InterfaceNews): void {
    if (!this.#isClosed) this.#events?.news(news);
  }
}

/** Marks an interface as our own before it is up, because it does not change the way out. */
function owned({ watcher = system, signal }: KeeperOptions): (tap: TapDevice) => Promise<void> {
  return async ({ name }) => watcher.own((await findLink(name, signal)).index);
}

function isLinkLocal(cidr: string): boolean {
  return /^fe[89ab]/i.test(cidr);
}

function isIpv6Off(name: string): boolean {
  try {
    return readFileSync(`/proc/sys/net/ipv6/conf/${name}/disable_ipv6`, "utf8").trim() === "1";
  } catch {
    return false;
  }
}

async function findLink(name: string, signal: AbortSignal): Promise<LinkState> {
  const found = (await readLinks(signal)).find((link) => link.name === name);
  if (found !== undefined) return found;
  throw new Fault({
    code: "link.gone",
    message: `the network interface "${name}" is gone`,
    hint: "Another program deleted the interface; bring the network up again.",
  });
}

/** Returns no routes if the interface was removed or renamed meanwhile. */
async function readInterfaceRoutes(version: 4 | 6, name: string, signal: AbortSignal): Promise<IpRoute[]> {
  try {
    return await readRoutes(version, ["show", "table", "all", "dev", name], signal);
  } catch (error) {
    if (error instanceof Fault && error.code === "link.gone") return [];
    throw error;
  }
}
