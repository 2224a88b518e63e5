import type { Logger } from "pino";
import { areDescriptorsExhausted } from "./descriptors.ts";
import { SourceCounter } from "./source.ts";

/** Limits on the TCP connections that the relay holds. */
export interface ConnectionLimits {
  /** Maximum in all. The process's other descriptors are for files, and for ports on the underlay. */
  readonly all: number;
  /** Maximum of strangers' connections, which have shown no valid credentials yet. */
  readonly strangers: number;
  /** Maximum of strangers' connections from one address or one /64 of IPv6. */
  readonly strangersPerAddress: number;
}

/** Default maximum of strangers' connections: with it, a million clients take three minutes to connect. */
const STRANGERS = 4_096;
/** Default maximum from one address: a site whose relay restarts comes back at once. */
const STRANGERS_PER_ADDRESS = 1_024;
/** Descriptors reserved for everything except connections. */
const RESERVE = 128;

/**
 * Returns the limits for a process that may open this many descriptors. Uses given limits unchanged.
 *
 * @param descriptors see descriptors.ts
 */
export function connectionLimits(
  descriptors: number,
  given: { readonly [Name in keyof ConnectionLimits]?: number | undefined } = {},
): ConnectionLimits {
  const reserve = Math.max(RESERVE, Math.floor(descriptors / 8));
  const all = given.all ?? Math.max(Math.floor(descriptors / 2), descriptors - reserve);
  const strangers = given.strangers ?? Math.max(1, Math.min(STRANGERS, Math.floor(all / 4)));
  const each = Math.max(1, Math.min(STRANGERS_PER_ADDRESS, Math.floor(strangers / 2)));
  return { all, strangers, strangersPerAddress: given.strangersPerAddress ?? each };
}

/** Time limit for a connection's first request, TLS included, in milliseconds. */
export const SILENT_MS = 10_000;
/** Time limit for a stranger's next request, in milliseconds: for slow lines. */
const QUIET_MS = 60_000;
/** Interval of the checks, in milliseconds. */
const TICK_MS = 1_000;
/** Interval of log entries on rejected connections, in milliseconds. */
const LOG_MS = 60_000;

export interface ConnectionsOptions {
  readonly limits: ConnectionLimits;
  readonly log: Logger;
  /** Monotonic milliseconds. */
  readonly clock?: () => number;
}

/** Reason for closing a connection at once, or to make room. */
type Reason = "too_many" | "too_many_of_address" | "oldest_stranger" | "too_late";

/** A counted connection. */
export interface Visit {
  /**
   * Notes that a request arrived or was answered. The connection counts as a stranger's until a request shows
   * credentials.
   */
  heard(): void;
  /** Notes valid credentials. The connection is not a stranger's until {@link heard} is called again. */
  letIn(): void;
  /** Notes that the connection is closed. */
  leave(): void;
}

/**
 * Counts connections from the moment they are accepted, before any byte is read.
 *
 * Rejects connections of a source that opens too many. If there are too many strangers in all, closes the one that was
 * silent for longest, because an honest client shows its credentials within about a second.
 */
export class Connections {
  readonly #limits: ConnectionLimits;
  readonly #log: Logger;
  readonly #clock: () => number;
  /** Number of strangers by source. */
  readonly #sources: SourceCounter;
  /** Strangers without a first request, oldest first. */
  readonly #silent = new Set<StrangerVisit>();
  /** Other strangers, least recently heard first. */
  readonly #quiet = new Set<StrangerVisit>();
  readonly #closed = new Map<Reason, number>();
  #all = 0;
  readonly #ticker: ReturnType<typeof setInterval>;
  #loggedAt = Number.NEGATIVE_INFINITY;

  constructor({ limits, log, clock = () => performance.now() }: ConnectionsOptions) {
    this.#limits = limits;
    this.#log = log;
    this.#clock = clock;
    this.#sources = new SourceCounter(limits.strangersPerAddress);
    this.#ticker = setInterval(() => this.tick(), TICK_MS);
    this.#ticker.unref();
  }

  /** Number of open connections. */
  get size(): number {
    return this.#all;
  }

  /** Number of strangers among them. */
  get strangers(): number {
    return this.#silent.size + this.#quiet.size;
  }

  /**
   * Counts a connection.
   *
   * @param address where it comes from; undefined for a trusted proxy, whose connections stand for many clients
   * @param close cuts it because it took too long or others need its place
   * @returns undefined if it exceeds a limit and was not counted
   */
  enter(address: string | undefined, close: () => void): Visit | undefined {
    if (address !== undefined && this.#sources.isFull(address)) return this.#refuse("too_many_of_address");
    if (address !== undefined && this.strangers >= this.#limits.strangers) this.#closeOldest();
    if (this.#all >= this.#limits.all && !this.#closeOldest()) return this.#refuse("too_many");
    this.#all++;
    if (address === undefined) return this.#visitOfProxy();
    const visit = new StrangerVisit(this, address, this.#clock(), close);
    this.#silent.add(visit);
    this.#sources.add(address);
    return visit;
  }

  /** Closes connections that took too long. Logs rejected connections and exhausted descriptors. */
  tick(): void {
    const now = this.#clock();
    this.#closeSince(this.#silent, now - SILENT_MS);
    this.#closeSince(this.#quiet, now - QUIET_MS);
    if (now - this.#loggedAt < LOG_MS) return;
    const exhausted = areDescriptorsExhausted();
    if (this.#closed.size === 0 && !exhausted) return;
    this.#loggedAt = now;
    const about = { ...Object.fromEntries(this.#closed), open: this.#all, strangers: this.strangers };
    this.#closed.clear();
    if (exhausted)
      this.#log.error(about, "no descriptors are left: raise the limit of open files (ulimit -n)");
    else this.#log.warn(about, "connections were turned away");
  }

  /** Stops the ticker. */
  close(): void {
    clearInterval(this.#ticker);
  }

  /** Moves a stranger's connection behind all others. */
  heard(visit: StrangerVisit): void {
    if (!this.#silent.delete(visit) && !this.#quiet.delete(visit)) this.#sources.add(visit.address);
    visit.since = this.#clock();
    this.#quiet.add(visit);
  }

  letIn(visit: StrangerVisit): void {
    if (!this.#silent.delete(visit) && !this.#quiet.delete(visit)) return;
    this.#sources.remove(visit.address);
  }

  leave(visit: StrangerVisit): void {
    this.letIn(visit);
    this.#all--;
  }

  #visitOfProxy(): Visit {
    let isOpen = true;
    return {
      heard() {},
      letIn() {},
      leave: () => {
        if (isOpen) this.#all--;
        isOpen = false;
      },
    };
  }

  #closeSince(visits: Set<StrangerVisit>, moment: number): void {
    for (const visit of visits) {
      if (visit.since > moment) return;
      this.#closeNow(visit, "too_late");
    }
  }

  #closeOldest(): boolean {
    const [oldest = undefined] = this.#silent.size > 0 ? this.#silent : this.#quiet;
    if (oldest !== undefined) this.#closeNow(oldest, "oldest_stranger");
    return oldest !== undefined;
  }

  #closeNow(visit: StrangerVisit, reason: Reason): void {
    this.#count(reason);
    visit.leave();
    visit.close();
  }

  #refuse(reason: Reason): undefined {
    this.#count(reason);
  }

  #count(reason: Reason): void {
    this.#closed.set(reason, (this.#closed.get(reason) ?? 0) + 1);
  }
}

/** A stranger's connection, also after it has shown credentials. */
class StrangerVisit implements Visit {
  readonly address: string;
  /** Time when it was last heard, or accepted. */
  since: number;
  readonly close: () => void;
  readonly #connections: Connections;
  #isOpen = true;

  constructor(connections: Connections, address: string, since: number, close: () => void) {
    this.#connections = connections;
    this.address = address;
    this.since = since;
    this.close = close;
  }

  heard(): void {
    if (this.#isOpen) this.#connections.heard(this);
  }

  letIn(): void {
    if (this.#isOpen) this.#connections.letIn(this);
  }

  leave(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#connections.leave(this);
  }
}
