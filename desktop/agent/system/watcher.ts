/** The process's only watcher of this machine's links, addresses, routes and sleep. */
import { statSync } from "node:fs";
import { type NoticeEvents, type NoticeSocket, openNotices, type SystemNotice } from "./netlink.ts";
import { SleepClock } from "./sleep-clock.ts";
import { type IpRoute, type LinkState, readLinks, readRoutes } from "./state.ts";

/** How long notices are gathered before the system is read, in milliseconds: one change causes several. */
const GATHER_MS = 40;
/**
 * Maximum time of consecutive readings, in milliseconds, and their share of all time. A few changes are seen at once; a
 * machine whose routes change constantly spends a tenth of a core.
 */
const READING_MS = 3_000;
const READING_SHARE = 0.1;
/** Interval between readings without a notice, in milliseconds: if notices work, and if they do not. */
const SWEEP_MS = 30_000;
const POLL_MS = 2_000;
/** Interval between looks at sleep and name files, in milliseconds. */
const TICK_MS = 1_000;
/** Delay before notices are reopened after a failure, in milliseconds. */
const REOPEN_MS = 10_000;

/** Files whose change may change the answers for names (resolv.conf(5), hosts(5)). */
const NAME_FILES = ["/etc/hosts", "/etc/resolv.conf"];

/** The state of the machine's network. */
export interface SystemState {
  readonly links: readonly LinkState[];
  /** Indices of links with a notice about them, their addresses or their routes. */
  readonly touched: ReadonlySet<number>;
  /** Whether anything may have changed, as after lost notices, not only what was touched. */
  readonly sweep: boolean;
  /** Text to compare for changes of the way out: interfaces that are not ours, and default routes. */
  readonly underlay: string;
}

export interface SystemListener {
  /** The state changed, or it is time to look again. */
  changed(state: SystemState): void;
  /** The machine slept, or this process was stopped. */
  woke?(): void;
  /** Names may have other answers. */
  names?(): void;
}

/** Opens notices; {@link openNotices} by default. */
export type OpenNotices = (events: NoticeEvents) => Promise<NoticeSocket>;

/** Watches the system while it has listeners. */
export class SystemWatcher {
  readonly #open: OpenNotices;
  readonly #listeners = new Set<SystemListener>();
  /** Indices of this process's interfaces: their changes do not change the way out. */
  readonly #own = new Set<number>();
  readonly #touched = new Set<number>();
  /** By index: how often a link's carrier changed, also between two readings. */
  readonly #flaps = new Map<number, number>();
  readonly #running = new Map<number, boolean>();
  #sweep = true;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #tick: ReturnType<typeof setInterval> | undefined;
  #reading = false;
  /** The rest of {@link READING_MS}, and the time of that value. */
  #credit = READING_MS;
  #creditAt = 0;
  #sweptAt = 0;
  #hasNotices = false;
  #socket: Promise<NoticeSocket | undefined> | undefined;
  #reopenAt = 0;
  #ending: AbortController | undefined;
  #files = "";
  readonly #clock = new SleepClock();

  constructor(open: OpenNotices = openNotices) {
    this.#open = open;
  }

  /**
   * Adds a listener, and first reports the current state to it.
   *
   * @returns a function that removes it
   */
  listen(listener: SystemListener): () => void {
    this.#listeners.add(listener);
    if (this.#listeners.size === 1) this.#start();
    this.look();
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.#stop();
    };
  }

  /** Marks an interface as this process's own until it is gone, whatever its name. */
  own(index: number): void {
    this.#own.add(index);
  }

  /** Returns whether an interface is this process's own. */
  isOwn(index: number): boolean {
    return this.#own.has(index);
  }

  /** Requests a full reading soon. */
  look(): void {
    this.#sweep = true;
    this.#soon();
  }

  #start(): void {
    this.#ending = new AbortController();
    this.#files = fileMarks();
    this.#clock.start();
    this.#tick = setInterval(() => this.#ticked(), TICK_MS);
    this.#subscribe();
  }

  #stop(): void {
    this.#ending?.abort();
    this.#ending = undefined;
    clearInterval(this.#tick);
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#close();
    this.#flaps.clear();
    this.#running.clear();
  }

  #subscribe(): void {
    const ending = this.#ending;
    const socket = this.#open({
      notices: (notices) => this.#noticed(notices),
      lost: () => this.look(),
      failed: () => {
        if (this.#socket !== socket) return;
        this.#close();
        this.#reopenAt = performance.now() + REOPEN_MS;
      },
    }).then(
      async (opened) => {
        if (ending?.signal.aborted === false && this.#socket === socket) {
          this.#hasNotices = true;
          // Changes from before it was open were not reported.
          this.look();
        }
        return opened;
      },
      () => {
        this.#reopenAt = performance.now() + REOPEN_MS;
        return undefined;
      },
    );
    this.#socket = socket;
  }

  #close(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    this.#hasNotices = false;
    void socket?.then((opened) => opened?.close());
  }

  #noticed(notices: readonly SystemNotice[]): void {
    for (const { what, index, running } of notices) {
      if (index > 0) this.#touched.add(index);
      if (what !== "link" || running === undefined) continue;
      if (this.#running.get(index) !== running) {
        if (this.#running.has(index)) this.#flaps.set(index, (this.#flaps.get(index) ?? 0) + 1);
        this.#running.set(index, running);
      }
    }
    this.#soon();
  }

  #ticked(): void {
    const now = performance.now();
    if (this.#clock.slept()) {
      this.look();
      for (const listener of this.#listeners) listener.woke?.();
    }
    const files = fileMarks();
    if (files !== this.#files) {
      this.#files = files;
      for (const listener of this.#listeners) listener.names?.();
    }
    if (!this.#hasNotices && now >= this.#reopenAt && this.#reopenAt > 0) {
      this.#reopenAt = 0;
      this.#close();
      this.#subscribe();
    }
    if (now - this.#sweptAt > (this.#hasNotices ? SWEEP_MS : POLL_MS)) this.look();
  }

  #soon(): void {
    if (this.#ending === undefined || this.#reading || this.#timer !== undefined) return;
    const wait = Math.max(GATHER_MS, -this.#spend(0) / READING_SHARE);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.#read();
    }, wait);
  }

  async #read(): Promise<void> {
    const signal = this.#ending?.signal;
    if (signal === undefined) return;
    this.#reading = true;
    const touched = new Set(this.#touched);
    const sweep = this.#sweep;
    this.#touched.clear();
    this.#sweep = false;
    const begun = performance.now();
    const owned = [...this.#own];
    try {
      const [links, ...found] = await Promise.all([
        readLinks(signal),
        readRoutes(4, ["show", "default"], signal),
        readRoutes(6, ["show", "default"], signal),
      ]);
      const defaults = found.flat();
      if (signal.aborted) return;
      if (sweep) this.#sweptAt = performance.now();
      this.#forget(links, owned);
      const state = { links, touched, sweep, underlay: this.#underlay(links, defaults) };
      for (const listener of [...this.#listeners]) listener.changed(state);
    } catch {
      // For example, no process could be started, or the watcher ended: what was missed is read again.
      if (!signal.aborted) this.#sweep = true;
    } finally {
      this.#reading = false;
      this.#spend(performance.now() - begun);
      if (this.#sweep || this.#touched.size > 0) this.#soon();
    }
  }

  /** Takes a reading's milliseconds off the budget. Returns the rest, negative if overdrawn. */
  #spend(milliseconds: number): number {
    const now = performance.now();
    const gained = (now - this.#creditAt) * READING_SHARE;
    this.#credit = Math.min(READING_MS, this.#credit + gained) - milliseconds;
    this.#creditAt = now;
    return this.#credit;
  }

  /** Forgets removed links, because links come and go as long as the machine runs. */
  #forget(links: readonly LinkState[], owned: readonly number[]): void {
    const there = new Set(links.map(({ index }) => index));
    // Links made during the reading may be missing from it.
    for (const index of owned) if (!there.has(index)) this.#own.delete(index);
    for (const table of [this.#flaps, this.#running]) {
      for (const index of table.keys()) if (!there.has(index)) table.delete(index);
    }
  }

  #underlay(links: readonly LinkState[], defaults: readonly IpRoute[]): string {
    const owned = new Set(links.filter(({ index }) => this.#own.has(index)).map(({ name }) => name));
    const others = links.flatMap((link) => {
      const addresses = link.addresses.filter(({ scope }) => scope === "global").map(({ cidr }) => cidr);
      // A bridge's port or a container's link: no packet leaves this machine by them alone.
      if (addresses.length === 0 || owned.has(link.name)) return [];
      const isUp = link.flags.has("UP") && !link.flags.has("NO-CARRIER");
      return [[link.index, isUp, this.#flaps.get(link.index) ?? 0, addresses.sort()]];
    });
    const out = defaults
      .filter(({ dev }) => dev === undefined || !owned.has(dev))
      .map(({ dev, via, source, metric, dead }) => [dev, via, source, metric, dead]);
    return JSON.stringify([others, out]);
  }
}

/** Returns a text that changes with the files. */
function fileMarks(): string {
  return NAME_FILES.map((file) => {
    try {
      const { mtimeMs, size, ino } = statSync(file);
      return [mtimeMs, size, ino].join(":");
    } catch {
      return "";
    }
  }).join(" ");
}

/** The instance of this process. */
export const system = new SystemWatcher();
