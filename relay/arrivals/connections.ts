import type { Logger } from "pino";
import { areDescriptorsExhausted } from "./descriptors.ts";
import { SourceCounter } from "./source.ts";

/** How many TCP connections the relay holds at most. */
export interface ConnectionLimits {
  /** All of them. The rest of the process's descriptors is for files, and for ports on the underlay. */
  readonly all: number;
  /** Of these, connections of strangers: those that have shown no valid credentials yet. */
  readonly strangers: number;
  /** Of the strangers' connections, those from one address or one /64 of IPv6. */
  readonly strangersPerAddress: number;
}

/** Strangers' connections unless it is said, at most: a million wait for three minutes at so many. */
const STRANGERS = 4_096;
/** And from one address: a site whose relay restarts comes back at once. */
const STRANGERS_PER_ADDRESS = 1_024;
/** Descriptors kept for everything that is no connection. */
const RESERVE = 128;

/**
 * Returns the limits of a process that may have so many descriptors open. What is given is taken as it is.
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

/** How long a connection may take until its first request is there, TLS included, in milliseconds. */
export const SILENT_MS = 10_000;
/** How long a stranger's connection may go without another request after one, in milliseconds: for slow lines. */
const QUIET_MS = 60_000;
/** How often that is looked at, in milliseconds. */
const TICK_MS = 1_000;
/** How often the log is told of what was turned away, in milliseconds. */
const LOG_MS = 60_000;

export interface ConnectionsOptions {
  readonly limits: ConnectionLimits;
  readonly log: Logger;
  /** Milliseconds, never going back. */
  readonly clock?: () => number;
}

/** Why connections were closed at once, or to make room. */
type Reason = "too_many" | "too_many_of_address" | "oldest_stranger" | "too_late";

/** A connection that is counted. */
export interface Visit {
  /** A request has come, or was answered: the connection is a stranger's until the next one shows credentials. */
  heard(): void;
  /** The client has shown valid credentials: the connection is no stranger's until {@link heard} is called again. */
  letIn(): void;
  /** The connection is closed. */
  leave(): void;
}

/**
 * Counts connections from the moment they are accepted, before a byte of them is read.
 *
 * A source that opens too many is turned away. If strangers of all sources are too many, the one that was silent for
 * longest makes room: a client that means well says who it is within a second or so, and is in by then.
 */
export class Connections {
  readonly #limits: ConnectionLimits;
  readonly #log: Logger;
  readonly #clock: () => number;
  /** Strangers of each source. */
  readonly #sources: SourceCounter;
  /** Strangers whose first request has not come, the oldest first. */
  readonly #silent = new Set<StrangerVisit>();
  /** Other strangers, the one that was heard longest ago first. */
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

  /** Connections that are open. */
  get size(): number {
    return this.#all;
  }

  /** Of these, connections of strangers. */
  get strangers(): number {
    return this.#silent.size + this.#quiet.size;
  }

  /**
   * Counts a connection.
   *
   * @param address where it comes from; undefined of a trusted proxy, whose connections stand for many clients
   * @param close cuts it, as it took too long or others need its place
   * @returns undefined where it is one too many, and was not counted
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

  /** Closes what took too long. Tells the log of what was turned away, and of descriptors that have run out. */
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

  /** Forgets the ticker. */
  close(): void {
    clearInterval(this.#ticker);
  }

  /** Moves a connection behind all others, as a stranger's. */
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

/** A stranger's connection, and after it was let in, its holder's. */
class StrangerVisit implements Visit {
  readonly address: string;
  /** When it was heard last, or accepted. */
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
