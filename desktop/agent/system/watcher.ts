/** The one watcher of this machine's links, addresses, routes and sleep, that everything in the process asks. */
import { statSync } from "node:fs";
import { type NoticeEvents, type NoticeSocket, openNotices, type SystemNotice } from "./netlink.ts";
import { SleepClock } from "./sleep-clock.ts";
import { type LinkState, type Route, readLinks, readRoutes } from "./state.ts";

/** How long notices are gathered before the system is read, in milliseconds: one change comes as several. */
const GATHER_MS = 40;
/**
 * How long readings may take in a row, in milliseconds, and how much of all time: a few changes are seen at once, and on a
 * machine whose routes never rest it is a tenth of a core.
 */
const READING_MS = 3_000;
const READING_SHARE = 0.1;
/** How often the system is read without a notice, in milliseconds: where notices come, and where there are none. */
const SWEEP_MS = 30_000;
const POLL_MS = 2_000;
/** How often sleep and the files of names are looked at, in milliseconds. */
const TICK_MS = 1_000;
/** How long after a failure the notices are opened anew, in milliseconds. */
const REOPEN_MS = 10_000;

/** Files whose change may give names another answer (resolv.conf(5), hosts(5)). */
const NAME_FILES = ["/etc/hosts", "/etc/resolv.conf"];

/** How the machine stands. */
export interface SystemState {
  readonly links: readonly LinkState[];
  /** By index: links and addresses of which there was a notice, and interfaces of which a route changed. */
  readonly touched: ReadonlySet<number>;
  /** Whether anything may have changed, as after a loss of notices, and not only what was touched. */
  readonly sweep: boolean;
  /** What is to be compared to know whether the way out has changed: interfaces that are not ours, and default routes. */
  readonly underlay: string;
}

export interface SystemListener {
  /** Something changed, or it is time to look again. */
  changed(state: SystemState): void;
  /** The machine slept, or this process was stopped. */
  woke?(): void;
  /** Names may have other answers. */
  names?(): void;
}

/** Opens notices; {@link openNotices} unless told. */
export type OpenNotices = (events: NoticeEvents) => Promise<NoticeSocket>;

/** Watches while there is a listener. */
export class SystemWatcher {
  readonly #open: OpenNotices;
  readonly #listeners = new Set<SystemListener>();
  /** Indices of the interfaces that are this process's own: their changes are no change of the way out. */
  readonly #own = new Set<number>();
  readonly #touched = new Set<number>();
  /** By index: how often a link's carrier came or went, also between two readings. */
  readonly #flaps = new Map<number, number>();
  readonly #running = new Map<number, boolean>();
  #sweep = true;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #tick: ReturnType<typeof setInterval> | undefined;
  #reading = false;
  /** What is left of {@link READING_MS}, and when that was so. */
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
   * Tells a listener of changes from now on, first of all how the machine stands.
   *
   * @returns what ends it
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

  /** Takes an interface for this process's own until it is gone, whatever it is called. */
  own(index: number): void {
    this.#own.add(index);
  }

  /** Whether an interface is this process's own. */
  isOwn(index: number): boolean {
    return this.#own.has(index);
  }

  /** Has everything looked at anew, soon. */
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
          // What changed before it was open was told to no one.
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
      // Such as for want of processes, or by our end: what was not seen is looked at again.
      if (!signal.aborted) this.#sweep = true;
    } finally {
      this.#reading = false;
      this.#spend(performance.now() - begun);
      if (this.#sweep || this.#touched.size > 0) this.#soon();
    }
  }

  /** Takes the milliseconds of a reading off what readings may take. Returns what is left, negative where it is overdrawn. */
  #spend(milliseconds: number): number {
    const now = performance.now();
    const gained = (now - this.#creditAt) * READING_SHARE;
    this.#credit = Math.min(READING_MS, this.#credit + gained) - milliseconds;
    this.#creditAt = now;
    return this.#credit;
  }

  /** Links come and go for as long as the machine runs. */
  #forget(links: readonly LinkState[], owned: readonly number[]): void {
    const there = new Set(links.map(({ index }) => index));
    // Those that were made during the reading may not be among them.
    for (const index of owned) if (!there.has(index)) this.#own.delete(index);
    for (const table of [this.#flaps, this.#running]) {
      for (const index of table.keys()) if (!there.has(index)) table.delete(index);
    }
  }

  #underlay(links: readonly LinkState[], defaults: readonly Route[]): string {
    const owned = new Set(links.filter(({ index }) => this.#own.has(index)).map(({ name }) => name));
    const others = links.flatMap((link) => {
      const addresses = link.addresses.filter(({ scope }) => scope === "global").map(({ cidr }) => cidr);
      // A bridge's port, a container's end of a link: nothing leaves this machine by them alone.
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

/** What tells one version of the files from another. */
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

/** The process's own. */
export const system = new SystemWatcher();
