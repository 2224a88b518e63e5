import type { EntryKind, MacEntry, Port } from "../port.ts";

/** Seconds after which what an address did is of no interest: longer than notices about it are held back. */
const REMEMBERED_SECONDS = 300;

/**
 * A second place that wants an address: the first is asked whether it is still there, and keeps the address if it says so or
 * anything else.
 */
export interface Contest {
  readonly port: Port;
  /** When it began, in seconds. */
  readonly at: number;
  /** Whether the first has an address by which it can be asked. */
  asked: boolean;
  /** Ticks of the table since then: a frame counts by the tick before it, so two have to pass. */
  ticks: number;
}

/** What is remembered of an address that has been in two places, some 180 bytes; most have not. */
export interface History {
  frozenUntil: number;
  /** Moves without a settled place in between. */
  moves: number;
  /** When it came to where it is, and from where. */
  movedAt: number;
  from: Port | undefined;
  /** Where it settled last; undefined once that port is gone. */
  home: Port | undefined;
  /** When it last announced itself where it is. */
  announcedAt: number;
  contest: Contest | undefined;
  /** Until when no contest is begun, as the last one was decided. */
  restUntil: number;
  /** The port that had it registered and did not answer: it gets it back if it was there after all. */
  former: Port | undefined;
  formerUntil: number;
  /** When people were told last that it is used twice. */
  toldAt: number;
}

/** The history of an address that has only been at `home`. */
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

/** Whether nothing of a history holds any more. */
export function isOver(history: History, now: number): boolean {
  const { contest, frozenUntil, restUntil, formerUntil, movedAt, toldAt } = history;
  if (contest !== undefined || now < Math.max(frozenUntil, restUntil, formerUntil)) return false;
  return now - Math.max(movedAt, toldAt) >= REMEMBERED_SECONDS;
}

/** An entry of the table: some 130 bytes with its place there (measured in test/shared/switch/table-memory.test.ts). */
export class Entry implements MacEntry {
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

  /** Forgets what has to do with a port that is gone. */
  forget(port: Port): void {
    const { history } = this;
    if (history === undefined) return;
    if (history.home === port) history.home = undefined;
    if (history.from === port) history.from = undefined;
    if (history.former === port) history.former = undefined;
    if (history.contest?.port === port) history.contest = undefined;
  }
}
