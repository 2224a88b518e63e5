import { Budget } from "../budget.ts";
import type { Notice } from "../notice.ts";
import type { Port } from "../port.ts";
import { DuplicateMacs } from "./duplicate-notice.ts";
import { type Contest, type Entry, type History, isOver, newHistory } from "./mac-entry.ts";
import { isVirtualRouterMac } from "./virtual-router.ts";

/** That many moves without a settled place in between are no mobility, but two machines, or a loop (RFC 7432 section 15.1: N). */
export const DUPLICATE_MOVES = 5;

/**
 * Seconds in one place after which an address has settled there. A loop moves it several times in each, and two machines that
 * talk move it as often; one that roams is silent where it was.
 */
export const SETTLED_SECONDS = 10;

/**
 * Seconds for which an address is held. RFC 7432 waits for the operator, which suits nobody whose operator is asleep; this is
 * Huawei's default.
 */
export const RECOVERY_SECONDS = 540;

/** Seconds of silence where an address is held after which it may move all the same: it has gone from there. */
export const HELD_SECONDS = 10;

/** Seconds within which the same address is announced again by a loop, and not by a machine that has moved. */
const ECHO_SECONDS = 2;

/** Ticks, a second apart, for which the first of two places has time to say that it is there. */
export const CONTEST_TICKS = 2;
/** Ticks after which a contest is over that was not decided, because the second place fell silent. */
const CONTEST_OVER_TICKS = 60;
/** Seconds after a contest before the next about the same address. */
export const REST_SECONDS = 10;
/** Seconds within which a place that did not answer gets its address back if it is heard after all. */
export const FORMER_SECONDS = 60;
/** Contests at a time in a segment, and of those that one port causes: each asks another port something. */
const MAX_CONTESTS = 256;
const MAX_CONTESTS_PER_PORT = 16;

/** Addresses of a segment of which it is remembered where they were before, the latest. */
export const MAX_HISTORIES = 1_024;
/** Of the oldest histories, so many are looked at for one that can be forgotten for a new one. */
const FORGETTABLE_AMONG = 16;

export interface MobilityOptions {
  /** Of histories; {@link MAX_HISTORIES} unless given. */
  readonly histories?: Budget | undefined;
  readonly notice: ((notice: Notice) => void) | undefined;
  /** Asks the machine with a MAC address behind a port whether it is there. @returns whether there is a way to ask */
  readonly ask: ((mac: number, port: Port) => boolean) | undefined;
  /** Whether an address that keeps moving is held. */
  readonly freezes: boolean;
}

/** What came of a move. After all but the first the entry is where it was. */
export type Moved = "moved" | "contested" | "duplicate-mac" | "over-limit";

/**
 * Decides whether an address that comes up in a second place moves there. It asks the first place, holds what keeps moving, and
 * has people told of what is used twice. See {@link MacTable} for the rules.
 */
export class Mobility {
  readonly #duplicates: DuplicateMacs;
  readonly #ask: (mac: number, port: Port) => boolean;
  readonly #freezes: boolean;
  readonly #histories: Budget;
  /** Entries with a history, the oldest first. */
  readonly #remembered = new Set<Entry>();
  readonly #contested = new Set<Entry>();
  /** Grows whenever a registered address has changed places. */
  moves = 0;

  constructor({ histories = new Budget(MAX_HISTORIES), notice, ask, freezes }: MobilityOptions) {
    this.#histories = histories;
    this.#duplicates = new DuplicateMacs(notice);
    this.#ask = ask ?? (() => false);
    this.#freezes = freezes;
  }

  /** A frame of a learned entry came in at another port. */
  arrive(entry: Entry, to: Port, now: number): Moved {
    const history = this.#freezes && !isVirtualRouterMac(entry.mac) ? this.#past(entry) : undefined;
    if (history === undefined) return this.#move(entry, to, now) ? "moved" : "over-limit";
    if (now < history.frozenUntil && to !== history.home) {
      if (now - entry.seenAt < HELD_SECONDS) return "duplicate-mac";
      history.frozenUntil = 0;
    }
    // Before moves are counted: a port that may have no more addresses can't have others' held.
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
   * A frame of a registered entry came in at another port, or that port registers it too.
   *
   * @param kind what the entry is to be there
   * @param isNews whether the port has just said so, and not long ago
   */
  contend(entry: Entry, port: Port, now: number, kind: "learned" | "registered", isNews = true): Moved {
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
    if (contest.port !== port || contest.ticks < CONTEST_TICKS) return "contested";
    if (entry.seenAt > contest.at) return this.keep(entry, port, now);
    if (!contest.asked) return kind === "registered" ? this.keep(entry, port, now) : "contested";
    const before = entry.port;
    if (!this.#move(entry, port, now)) return "over-limit";
    this.end(entry);
    entry.kind = kind;
    history.home = port;
    history.former = before;
    history.formerUntil = now + FORMER_SECONDS;
    return "moved";
  }

  /**
   * A port registers an entry that was learned. It is there at once if it was there all the time; otherwise the place that it
   * was in is asked first.
   */
  settle(entry: Entry, port: Port, now: number): Moved {
    const { history } = entry;
    if (entry.port !== port) {
      // It was here and is where it was before again: the other place is there.
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
      if (contest === undefined || (contest.port === port && contest.ticks < CONTEST_TICKS))
        return "contested";
    }
    this.end(entry);
    return "moved";
  }

  /** A frame that says to everybody where an entry is came in at a port. @returns whether it moved */
  announce(entry: Entry, port: Port, now: number): boolean {
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

  /** Leaves an address where it is, has people told, and lets the other place try again later. */
  keep(entry: Entry, other: Port, now: number): "contested" {
    this.end(entry);
    const history = this.#past(entry);
    if (history !== undefined) history.restUntil = now + REST_SECONDS;
    this.#duplicates.kept(entry, history, other, now);
    return "contested";
  }

  /** Ends the contest about an entry, if there is one. */
  end(entry: Entry): void {
    this.#contested.delete(entry);
    if (entry.history !== undefined) entry.history.contest = undefined;
  }

  /** To be called about once a second. */
  tick(now: number): void {
    for (const entry of this.#remembered) {
      if (entry.history !== undefined && isOver(entry.history, now)) this.forget(entry);
    }
    for (const entry of this.#contested) this.#pursue(entry);
  }

  /** Forgets where an entry was before. */
  forget(entry: Entry): void {
    if (!this.#remembered.delete(entry)) return;
    this.#histories.give();
    this.#contested.delete(entry);
    entry.history = undefined;
  }

  detach(port: Port): void {
    this.#duplicates.detach(port);
  }

  /** The place that did not answer is there after all. */
  #giveBack(entry: Entry, history: History, port: Port, now: number): Moved {
    const taker = entry.port;
    if (!this.#move(entry, port, now)) return "over-limit";
    history.former = undefined;
    history.home = port;
    if (taker !== undefined) this.keep(entry, taker, now);
    return "moved";
  }

  /** Begins a contest, in which `first` is asked whether the address is there. */
  #begin(entry: Entry, port: Port, first: Port | undefined, now: number): void {
    const history = this.#past(entry);
    if (history === undefined || first === undefined || this.#contested.size >= MAX_CONTESTS) return;
    let caused = 0;
    for (const { history: other } of this.#contested) if (other?.contest?.port === port) caused++;
    if (caused >= MAX_CONTESTS_PER_PORT) return;
    history.contest = { port, at: now, asked: this.#ask(entry.mac, first), ticks: 0 };
    this.#contested.add(entry);
  }

  /** Asks the first place of a contest once more: what it said before this tick does not show in the table. */
  #pursue(entry: Entry): void {
    const contest: Contest | undefined = entry.history?.contest;
    if (contest === undefined || contest.ticks >= CONTEST_OVER_TICKS) return this.end(entry);
    contest.ticks++;
    const first = entry.port === contest.port ? entry.history?.from : entry.port;
    if (contest.ticks < CONTEST_TICKS && first !== undefined && this.#ask(entry.mac, first))
      contest.asked = true;
  }

  /** It had settled: moves are counted anew. Where it comes back to, the place that it leaves is asked if it has it too. */
  #restart(entry: Entry, history: History, to: Port): void {
    history.moves = 0;
    history.home = entry.port;
    if (history.from === to && entry.port !== undefined) this.#ask(entry.mac, entry.port);
  }

  /** Holds an entry where it settled last. Room for it was reserved at `to`. */
  #freeze(entry: Entry, history: History, to: Port, now: number): Moved {
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

  #move(entry: Entry, to: Port, now: number): boolean {
    if (!reserveRoom(entry, to)) return false;
    if (entry.kind === "registered") this.moves++;
    put(entry, to, now);
    return true;
  }

  /** @returns undefined where there is no room to remember anything */
  #past(entry: Entry): History | undefined {
    if (entry.history !== undefined) return entry.history;
    if (this.#histories.room <= 0) this.#makeRoom();
    if (!this.#histories.take()) return undefined;
    this.#remembered.add(entry);
    entry.history = newHistory(entry.port);
    return entry.history;
  }

  /** Forgets an old history in which nothing is going on. */
  #makeRoom(): void {
    let looked = 0;
    for (const entry of this.#remembered) {
      if (entry.history?.contest === undefined && entry.frozenUntil === 0) return this.forget(entry);
      if (++looked >= FORGETTABLE_AMONG) return;
    }
  }
}

/** Takes room at a port for an entry that moves there, out of the room of the port that it is at. */
function reserveRoom(entry: Entry, to: Port): boolean {
  return entry.port === undefined ? to.macs.take() : to.macs.takeFrom(entry.port.macs);
}

/** Puts an entry at another port; the room for it was moved before. */
function put(entry: Entry, to: Port, now: number): void {
  leave(entry);
  entry.port = to;
  entry.seenAt = now;
}

/** Takes an entry from its port. */
export function leave(entry: Entry): void {
  const { port } = entry;
  if (port?.lastSource === entry) port.lastSource = undefined;
  entry.port = undefined;
}
