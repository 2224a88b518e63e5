import { Budget } from "../budget.ts";
import type { SegmentNotice } from "../notice.ts";
import type { Port } from "../port.ts";
import { DuplicateMacs } from "./duplicate-notice.ts";
import { type Contest, type History, isOver, type MacTableEntry, newHistory } from "./mac-entry.ts";
import { isVirtualRouterMac } from "./virtual-router.ts";

/** Moves without settling that mean two machines or a loop, and not mobility (RFC 7432 section 15.1: N). */
export const DUPLICATE_MOVES = 5;

/**
 * Seconds in one place after which an address has settled. A loop, or two machines that talk, move it several times in
 * that time. A machine that roams is silent where it was.
 */
export const SETTLED_SECONDS = 10;

/** Seconds for which an address is held: Huawei's default. RFC 7432 waits for the operator, who may be asleep. */
export const RECOVERY_SECONDS = 540;

/** Seconds of silence after which a held address may move: it has left the place where it was held. */
export const HELD_SECONDS = 10;

/** Seconds within which a second announcement is a loop's echo, and not of a machine that has moved. */
const ECHO_SECONDS = 2;

/** Ticks, a second apart, that the first of two places has to answer. */
export const MAC_CONTEST_TICKS = 2;
/** Ticks after which an undecided contest ends, because the second place fell silent. */
const CONTEST_OVER_TICKS = 60;
/** Seconds after a contest before the next about the same address. */
export const MAC_REST_SECONDS = 10;
/** Seconds within which a place that did not answer gets its address back once it is heard. */
export const MAC_FORMER_SECONDS = 60;
/** Greatest number of contests at a time in a segment, and of one port: each sends a question to another port. */
const MAX_CONTESTS = 256;
const MAX_CONTESTS_PER_PORT = 16;

/** Greatest number of addresses in a segment whose earlier places are remembered. */
export const MAX_HISTORIES = 1_024;
/** Number of the oldest histories that are searched for one to forget. */
const FORGETTABLE_AMONG = 16;

export interface MobilityOptions {
  /** Budget of histories; {@link MAX_HISTORIES} unless given. */
  readonly histories?: Budget | undefined;
  readonly notice: ((notice: SegmentNotice) => void) | undefined;
  /** Asks the machine with a MAC address whether it is behind a port. @returns false if there is no way to ask */
  readonly ask: ((mac: number, port: Port) => boolean) | undefined;
  /** Whether an address that keeps moving is held. */
  readonly freezes: boolean;
}

/** The result of a move. The entry has moved only if it is `moved`. */
export type Moved = "moved" | "contested" | "duplicate-mac" | "over-limit";

/**
 * Decides whether an address that comes up in a second place moves there. Asks the first place, holds addresses that keep
 * moving, and gives notice of addresses used twice. See {@link MacTable} for the rules.
 */
export class Mobility {
  readonly #duplicates: DuplicateMacs;
  readonly #ask: (mac: number, port: Port) => boolean;
  readonly #freezes: boolean;
  readonly #histories: Budget;
  /** Entries with a history, the oldest first. */
  readonly #remembered = new Set<MacTableEntry>();
  readonly #contested = new Set<MacTableEntry>();
  /** Number of moves of registered addresses. */
  moves = 0;

  constructor({ histories = new Budget(MAX_HISTORIES), notice, ask, freezes }: MobilityOptions) {
    this.#histories = histories;
    this.#duplicates = new DuplicateMacs(notice);
    this.#ask = ask ?? (() => false);
    this.#freezes = freezes;
  }

  /** Moves a learned entry to another port where a frame of it came in, if it may. */
  arrive(entry: MacTableEntry, to: Port, now: number): Moved {
    const history = this.#freezes && !isVirtualRouterMac(entry.mac) ? this.#past(entry) : undefined;
    if (history === undefined) return this.#move(entry, to, now) ? "moved" : "over-limit";
    if (now < history.frozenUntil && to !== history.home) {
      if (now - entry.seenAt < HELD_SECONDS) return "duplicate-mac";
      history.frozenUntil = 0;
    }
    // Comes before moves are counted, so that a port without room cannot have other addresses held.
    if (!reserveRoom(entry, to)) return "over-limit";
    const isBack = now < history.frozenUntil;
    if (!isBack && now - history.movedAt >= SETTLED_SECONDS) this.#restart(entry, history, to);
    if (!isBack) history.moves++;
    if (history.moves >= DUPLICATE_MOVES) return this.#freeze(entry, history, to, now);
    history.from = entry.port;
    history.movedAt = now;
    put(entry, to, now);
    return "moved";
  }

  /**
   * Decides about a registered entry of which a frame came in at another port, or that another port registers too.
   *
   * @param kind the kind of the entry if it moves
   * @param isNews false if the caller repeats an earlier registration
   */
  contend(
    entry: MacTableEntry,
    port: Port,
    now: number,
    kind: "learned" | "registered",
    isNews = true,
  ): Moved {
    const history = this.#past(entry);
    if (history === undefined) return "contested";
    if (isNews && history.former === port && now < history.formerUntil) {
      return this.#giveBack(entry, history, port, now);
    }
    const { contest } = history;
    if (contest === undefined) {
      if (now >= history.restUntil) this.#begin(entry, port, entry.port, now);
      return "contested";
    }
    if (contest.port !== port || contest.ticks < MAC_CONTEST_TICKS) return "contested";
    if (entry.seenAt > contest.at) return this.keep(entry, port, now);
    if (!contest.asked) return kind === "registered" ? this.keep(entry, port, now) : "contested";
    const before = entry.port;
    if (!this.#move(entry, port, now)) return "over-limit";
    this.end(entry);
    entry.kind = kind;
    history.home = port;
    history.former = before;
    history.formerUntil = now + MAC_FORMER_SECONDS;
    return "moved";
  }

  /**
   * Registers a learned entry at a port: at once if it was there all the time, otherwise after the place where it was has
   * been asked.
   */
  settle(entry: MacTableEntry, port: Port, now: number): Moved {
    const { history } = entry;
    if (entry.port !== port) {
      // The entry went back to its first place after it was here, so a machine is there.
      if (history?.contest?.port === port) return this.keep(entry, port, now);
      if (history !== undefined && now < history.restUntil) return "contested";
      const from = entry.port;
      const moved = this.arrive(entry, port, now);
      if (moved !== "moved") return moved;
      this.#begin(entry, port, from, now);
      return "contested";
    }
    const isSettled = history?.from === undefined || now - history.movedAt >= SETTLED_SECONDS;
    if (!isSettled) {
      if (history.contest === undefined) this.#begin(entry, port, history.from, now);
      const { contest } = history;
      if (contest === undefined || (contest.port === port && contest.ticks < MAC_CONTEST_TICKS))
        return "contested";
    }
    this.end(entry);
    return "moved";
  }

  /** Moves a held entry to a port where an announcement of it came in. @returns whether it moved */
  announce(entry: MacTableEntry, port: Port, now: number): boolean {
    const { history } = entry;
    if (history === undefined) return false;
    const isEcho = now - history.announcedAt < ECHO_SECONDS;
    if (entry.port === port) history.announcedAt = now;
    if (entry.port === port || isEcho || now >= history.frozenUntil) return false;
    if (!reserveRoom(entry, port)) return false;
    history.announcedAt = now;
    put(entry, port, now);
    return true;
  }

  /** Leaves an address where it is, gives notice, and lets the other place try again later. */
  keep(entry: MacTableEntry, other: Port, now: number): "contested" {
    this.end(entry);
    const history = this.#past(entry);
    if (history !== undefined) history.restUntil = now + MAC_REST_SECONDS;
    this.#duplicates.kept(entry, history, other, now);
    return "contested";
  }

  /** Ends the contest about an entry, if there is one. */
  end(entry: MacTableEntry): void {
    this.#contested.delete(entry);
    if (entry.history !== undefined) entry.history.contest = undefined;
  }

  /** Forgets old histories and pursues contests; to be called about once a second. */
  tick(now: number): void {
    for (const entry of this.#remembered) {
      if (entry.history !== undefined && isOver(entry.history, now)) this.forget(entry);
    }
    for (const entry of this.#contested) this.#pursue(entry);
  }

  /** Forgets where an entry was before. */
  forget(entry: MacTableEntry): void {
    if (!this.#remembered.delete(entry)) return;
    this.#histories.give();
    this.#contested.delete(entry);
    entry.history = undefined;
  }

  detach(port: Port): void {
    this.#duplicates.detach(port);
  }

  /** Gives an address back to the place that did not answer, because a frame came in there. */
  #giveBack(entry: MacTableEntry, history: History, port: Port, now: number): Moved {
    const taker = entry.port;
    if (!this.#move(entry, port, now)) return "over-limit";
    history.former = undefined;
    history.home = port;
    if (taker !== undefined) this.keep(entry, taker, now);
    return "moved";
  }

  /** Begins a contest: asks `first` whether the address is there. */
  #begin(entry: MacTableEntry, port: Port, first: Port | undefined, now: number): void {
    const history = this.#past(entry);
    if (history === undefined || first === undefined || this.#contested.size >= MAX_CONTESTS) return;
    let caused = 0;
    for (const { history: other } of this.#contested) if (other?.contest?.port === port) caused++;
    if (caused >= MAX_CONTESTS_PER_PORT) return;
    history.contest = { port, at: now, asked: this.#ask(entry.mac, first), ticks: 0 };
    this.#contested.add(entry);
  }

  /** Asks the first place of a contest again: an answer before this tick does not show in the table. */
  #pursue(entry: MacTableEntry): void {
    const contest: Contest | undefined = entry.history?.contest;
    if (contest === undefined || contest.ticks >= CONTEST_OVER_TICKS) return this.end(entry);
    contest.ticks++;
    const first = entry.port === contest.port ? entry.history?.from : entry.port;
    if (contest.ticks < MAC_CONTEST_TICKS && first !== undefined && this.#ask(entry.mac, first))
      contest.asked = true;
  }

  /** Counts moves anew, because the address had settled. If it comes back, asks the place that it leaves. */
  #restart(entry: MacTableEntry, history: History, to: Port): void {
    history.moves = 0;
    history.home = entry.port;
    if (history.from === to && entry.port !== undefined) this.#ask(entry.mac, entry.port);
  }

  /** Holds an entry where it settled last. Room for it was reserved at `to`. */
  #freeze(entry: MacTableEntry, history: History, to: Port, now: number): Moved {
    const from = entry.port;
    const { home } = history;
    const isAtHome = home === to || (home !== undefined && home !== from && home.macs.takeFrom(to.macs));
    const place = isAtHome ? home : from;
    if (place !== undefined && place !== from) put(entry, place, now);
    else if (from !== undefined) to.macs.returnTo(from.macs);
    history.home = place;
    history.moves = 0;
    history.frozenUntil = now + RECOVERY_SECONDS;
    if (from !== undefined) this.#duplicates.frozen(entry, history, from, to, DUPLICATE_MOVES, now);
    return place === to ? "moved" : "duplicate-mac";
  }

  #move(entry: MacTableEntry, to: Port, now: number): boolean {
    if (!reserveRoom(entry, to)) return false;
    if (entry.kind === "registered") this.moves++;
    put(entry, to, now);
    return true;
  }

  /** Returns the history of an entry, created if it was missing; undefined if there is no room. */
  #past(entry: MacTableEntry): History | undefined {
    if (entry.history !== undefined) return entry.history;
    if (this.#histories.room <= 0) this.#makeRoom();
    if (!this.#histories.take()) return undefined;
    this.#remembered.add(entry);
    entry.history = newHistory(entry.port);
    return entry.history;
  }

  /** Forgets an old history without a contest or a hold. */
  #makeRoom(): void {
    let looked = 0;
    for (const entry of this.#remembered) {
      if (entry.history?.contest === undefined && entry.frozenUntil === 0) return this.forget(entry);
      if (++looked >= FORGETTABLE_AMONG) return;
    }
  }
}

/** Moves the room of an entry from its port to the port that it moves to. @returns false if there is none */
function reserveRoom(entry: MacTableEntry, to: Port): boolean {
  return entry.port === undefined ? to.macs.take() : to.macs.takeFrom(entry.port.macs);
}

/** Puts an entry at another port; {@link reserveRoom} comes first. */
function put(entry: MacTableEntry, to: Port, now: number): void {
  leave(entry);
  entry.port = to;
  entry.seenAt = now;
}

/** Takes an entry from its port. */
export function leave(entry: MacTableEntry): void {
  const { port } = entry;
  if (port?.lastSource === entry) port.lastSource = undefined;
  entry.port = undefined;
}
