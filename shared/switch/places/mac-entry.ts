import type { EntryKind, MacEntry, Port } from "../port.ts";

/** Seconds for which moves and notices of an address are remembered: longer than notices about it are held back. */
const REMEMBERED_SECONDS = 300;

/** A second place that wants an address. The first is asked, and keeps the address if it sends any frame. */
export interface Contest {
  readonly port: Port;
  /** When it began, in seconds. */
  readonly at: number;
  /** Whether the first has an IP address by which it can be asked. */
  asked: boolean;
  /** Ticks of the table since then. Two must pass, because a frame carries the time of the tick before it. */
  ticks: number;
}

/** The past of an address that has been in two places; most have not. Some 180 bytes. */
export interface History {
  frozenUntil: number;
  /** Number of moves since it last settled. */
  moves: number;
  /** When it came to its place, and from which port. */
  movedAt: number;
  from: Port | undefined;
  /** Where it settled last; undefined once that port has left. */
  home: Port | undefined;
  /** When it last announced itself where it is. */
  announcedAt: number;
  contest: Contest | undefined;
  /** Until when no contest may begin, because the last one was decided. */
  restUntil: number;
  /** The port that had it registered and did not answer; it gets the address back once it is heard. */
  former: Port | undefined;
  formerUntil: number;
  /** When the last notice about its use in two places was given. */
  toldAt: number;
}

/** Returns the history of an address that has only been at `home`. */
export function newHistory(home: Port | undefined): History {
  return {
    frozenUntil: 0,
    moves: 0,
    movedAt: Number.NEGATIVE_INFINITY,
    from: undefined,
    home,
    announcedAt: Number.NEGATIVE_INFINITY,
    contest: undefined,
    restUntil: 0,
    former: undefined,
    formerUntil: 0,
    toldAt: Number.NEGATIVE_INFINITY,
  };
}

/** Returns whether a history may be forgotten. */
export function isOver(history: History, now: number): boolean {
  const { contest, frozenUntil, restUntil, formerUntil, movedAt, toldAt } = history;
  if (contest !== undefined || now < Math.max(frozenUntil, restUntil, formerUntil)) return false;
  return now - Math.max(movedAt, toldAt) >= REMEMBERED_SECONDS;
}

/** An entry of the table: some 130 bytes with its place there (measured in test/shared/switch/table-memory.test.ts). */
export class MacTableEntry implements MacEntry {
  readonly mac: number;
  port: Port | undefined;
  kind: EntryKind;
  seenAt: number;
  history: History | undefined;

  constructor(mac: number, port: Port, kind: EntryKind, now: number) {
    this.mac = mac;
    this.port = port;
    this.kind = kind;
    this.seenAt = now;
  }

  get frozenUntil(): number {
    return this.history?.frozenUntil ?? 0;
  }

  /** Forgets a port that has left. */
  forget(port: Port): void {
    const { history } = this;
    if (history === undefined) return;
    if (history.home === port) history.home = undefined;
    if (history.from === port) history.from = undefined;
    if (history.former === port) history.former = undefined;
    if (history.contest?.port === port) history.contest = undefined;
  }
}
