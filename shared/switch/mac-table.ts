import { formatMac } from "../frame/mac.ts";
import { NOTICE_SECONDS } from "./guards/notice-limit.ts";
import type { Notice } from "./notice.ts";
import type { Port } from "./port.ts";

/** How an entry came about: by a frame's source address, or said by an operator or the machine's VTEP. */
export type EntryKind = "learned" | "static" | "registered";

export interface MacEntry {
  /** The address, 48 bits. */
  readonly mac: number;
  /** Where the machine is; undefined once the entry was removed. */
  readonly port: Port | undefined;
  readonly kind: EntryKind;
  /** When a frame came from there last, in the segment's seconds; the one thing others may write. */
  seenAt: number;
  /** Until when it stays where it is, as it kept moving; 0 or past: it may move. */
  readonly frozenUntil: number;
}

/** Seconds after which an address that stays silent is forgotten (IEEE 802.1D's default). */
export const AGEING_SECONDS = 300;

/**
 * How many addresses one segment may hold: what access switches commonly do, with room above the 10,000 machines
 * that a network is meant to carry, for about 2 MiB of memory.
 */
export const MAX_ENTRIES = 16_384;

/** That many moves … (RFC 7432 section 15.1: N) */
export const DUPLICATE_MOVES = 5;
/** … in that many seconds are no mobility, but one address used by two machines, or a loop (ibid.: M). */
export const DUPLICATE_SECONDS = 180;

/**
 * Seconds after which a frozen address may move again. RFC 7432 waits for the operator, which suits nobody whose
 * operator is asleep; Huawei's default is this, three times {@link DUPLICATE_SECONDS}, and Juniper advises more than
 * once that, so that nothing of what was counted is left.
 */
export const RECOVERY_SECONDS = 540;

/** Seconds in one place after which an address belongs there: a loop moves it several times in each. */
const SETTLED_SECONDS = 10;

/**
 * What {@link MacTable.learn} did with a source address. The frame may go on after the first three; the others say why
 * it must not, and left everything as it was.
 */
export type Learned = "known" | "new" | "moved" | "over-limit" | "static-mac" | "duplicate-mac";

/** What {@link MacTable.register} did: the address is at the port now, or why it is not. */
export type Registered = "registered" | "over-limit" | "static-mac" | "duplicate-mac";

export interface MacTableOptions {
  /** Seconds of silence after which a learned address is forgotten; {@link AGEING_SECONDS} unless given. */
  readonly ageing?: number;
  /** How many addresses, static ones aside; {@link MAX_ENTRIES} unless given. */
  readonly limit?: number;
  /** Hears of an address each time it is frozen. */
  readonly notice?: (notice: Notice) => void;
  /**
   * Whether an address that keeps moving is frozen, as it is unless told. Not where there are but a machine and its
   * hub: the hub sees all the places, and has to see the frames to judge and to say so.
   */
  readonly freezes?: boolean;
}

interface Entry extends MacEntry {
  port: Port | undefined;
  kind: EntryKind;
  frozenUntil: number;
  /** When the moves began to be counted, and how many there were since. */
  movingSince: number;
  moves: number;
  /** When it came to where it is. */
  movedAt: number;
  /** Where it settled last; undefined once that port is gone. */
  home: Port | undefined;
}

/**
 * The forwarding table (FDB) of one segment: where each MAC address is.
 *
 * Of two places the newest wins at once, for machines move; but what was registered is not moved by a frame, and what
 * is static by nothing. An address that keeps moving is frozen (RFC 7432 section 15.1), at the place where it last stayed
 * for a while: of two machines the one that was there first keeps its address, and a loop between other ports, through
 * which a machine's own broadcasts come back, does not take it from its machine. Of a port that is gone nothing is
 * remembered: who reconnects is new.
 */
export class MacTable {
  readonly #entries = new Map<number, Entry>();
  #ageing: number;
  #limit: number;
  readonly #notice: ((notice: Notice) => void) | undefined;
  readonly #freezes: boolean;
  #statics = 0;
  /** The hub's own address. */
  #reserved: number | undefined;
  #fullToldAt = Number.NEGATIVE_INFINITY;

  constructor({
    ageing = AGEING_SECONDS,
    limit = MAX_ENTRIES,
    notice,
    freezes = true,
  }: MacTableOptions = {}) {
    this.#ageing = ageing;
    this.#limit = limit;
    this.#notice = notice;
    this.#freezes = freezes;
  }

  /** Others hold from now on; what is there already stays until it ages. */
  set limits({ ageing, limit }: { readonly ageing: number; readonly limit: number }) {
    this.#ageing = ageing;
    this.#limit = limit;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** The port behind which this address is; the one `Map` look-up of a known unicast frame. */
  lookup(mac: number): Port | undefined {
    return this.#entries.get(mac)?.port;
  }

  /** All that is known of an address: for explanations, not for frames. */
  find(mac: number): MacEntry | undefined {
    return this.#entries.get(mac);
  }

  /**
   * Notes that a frame from `mac`, which is no group address and not zero, came in at `port`.
   *
   * @param now the segment's clock, in seconds
   */
  learn(mac: number, port: Port, now: number): Learned {
    const entry = this.#entries.get(mac);
    if (entry?.port === port) {
      entry.seenAt = now;
      port.lastSource = entry;
      return "known";
    }
    if (entry === undefined) {
      const added = this.#add(mac, port, now);
      if (added === undefined) return "over-limit";
      port.lastSource = added;
      return "new";
    }
    if (entry.kind !== "learned") return "static-mac";
    // Before moves are counted: a port that may have no more addresses can't have others' frozen.
    if (refuses(port)) return "over-limit";
    if (!this.#arrive(entry, port, now)) return "duplicate-mac";
    port.lastSource = entry;
    return "moved";
  }

  /**
   * Notes that the VTEP at `port` says that `mac` is behind it. It stays there, however silent, until it is withdrawn,
   * or registered elsewhere: a later registration is what a higher sequence number is to EVPN.
   *
   * @param now the segment's clock, in seconds
   */
  register(mac: number, port: Port, now: number): Registered {
    let entry = this.#entries.get(mac);
    if (entry?.kind === "static") return entry.port === port ? "registered" : "static-mac";
    if (entry === undefined) {
      entry = this.#add(mac, port, now);
      if (entry === undefined) return "over-limit";
    } else if (entry.port !== port) {
      if (refuses(port)) return "over-limit";
      if (!this.#arrive(entry, port, now)) return "duplicate-mac";
    }
    entry.kind = "registered";
    entry.home = port;
    entry.seenAt = now;
    return "registered";
  }

  /** Forgets a registered address, if it is this port that has it registered. */
  withdraw(mac: number, port: Port): void {
    const entry = this.#entries.get(mac);
    if (entry?.kind === "registered" && entry.port === port) this.#remove(entry);
  }

  /**
   * Puts an address where an operator says that it is, whatever was known; no limit holds for these. It is forgotten
   * with its port, so whoever sets it does so again when the port is back.
   */
  pin(mac: number, port: Port, now: number): void {
    if (mac === this.#reserved) return;
    const before = this.#entries.get(mac);
    if (before !== undefined) this.#remove(before);
    const entry = newEntry(mac, port, "static", now);
    this.#entries.set(mac, entry);
    this.#statics++;
  }

  /** Puts the hub's own address at a port of the hub's own, which nothing but another call of this takes it from. */
  reserve(mac: number, port: Port, now: number): void {
    this.#reserved = undefined;
    this.pin(mac, port, now);
    this.#reserved = mac;
  }

  /** Forgets a static address. */
  unpin(mac: number): void {
    if (mac === this.#reserved) return;
    const entry = this.#entries.get(mac);
    if (entry?.kind === "static") this.#remove(entry);
  }

  /** Forgets the learned addresses that have been silent for too long. */
  age(now: number): void {
    for (const entry of this.#entries.values()) {
      if (entry.kind === "learned" && now - entry.seenAt >= this.#ageing) this.#remove(entry);
    }
  }

  /** Forgets everything behind a port that is gone. */
  forget(port: Port): void {
    for (const entry of this.#entries.values()) {
      if (entry.port === port) this.#remove(entry);
      else if (entry.home === port) entry.home = undefined;
    }
  }

  entries(): IterableIterator<MacEntry> {
    return this.#entries.values();
  }

  /** @returns undefined where the port or the table is full */
  #add(mac: number, port: Port, now: number): Entry | undefined {
    if (refuses(port)) return undefined;
    if (this.#entries.size - this.#statics >= this.#limit) return this.#full(now);
    const entry = newEntry(mac, port, "learned", now);
    this.#entries.set(mac, entry);
    port.macs.used++;
    return entry;
  }

  #full(now: number): undefined {
    if (now - this.#fullToldAt < NOTICE_SECONDS) return;
    this.#fullToldAt = now;
    const message = `the forwarding table is full with ${this.#limit} addresses: frames from further ones are dropped. Raise the network's mac-limit, or look for a machine that makes addresses up.`;
    this.#notice?.({ code: "mac-limit", message, ports: [] });
  }

  /** Moves an entry to a port where it came up, unless it is frozen elsewhere, or now is. */
  #arrive(entry: Entry, to: Port, now: number): boolean {
    if (now < entry.frozenUntil) return false;
    if (entry.moves === 0 || now - entry.movingSince >= DUPLICATE_SECONDS) {
      entry.movingSince = now;
      entry.moves = 0;
    }
    if (now - entry.movedAt >= SETTLED_SECONDS) entry.home = entry.port;
    entry.moves++;
    if (this.#freezes && entry.moves >= DUPLICATE_MOVES) this.#freeze(entry, to, now);
    else move(entry, to, now);
    return entry.port === to;
  }

  #freeze(entry: Entry, to: Port, now: number): void {
    const { port: from, home } = entry;
    if (home !== undefined && home !== from && !isFull(home)) move(entry, home, now);
    entry.moves = 0;
    entry.frozenUntil = now + RECOVERY_SECONDS;
    const ports = [...new Set([from, to, entry.port])].filter((port) => port !== undefined);
    this.#notice?.({
      code: "duplicate-mac",
      message:
        `${formatMac(entry.mac)} moved ${DUPLICATE_MOVES} times in ${DUPLICATE_SECONDS} s, last from ${from?.id} to ${to.id}: ` +
        "two machines use this address, or something bridges the two places. " +
        `It stays at ${entry.port?.id} for ${RECOVERY_SECONDS / 60} minutes; give one machine another address, or undo the bridge.`,
      ports,
    });
  }

  #remove(entry: Entry): void {
    this.#entries.delete(entry.mac);
    if (entry.kind === "static") this.#statics--;
    leave(entry);
  }
}

function newEntry(mac: number, port: Port, kind: EntryKind, now: number): Entry {
  return {
    mac,
    port,
    kind,
    seenAt: now,
    frozenUntil: 0,
    movingSince: 0,
    moves: 0,
    movedAt: now,
    home: port,
  };
}

function isFull(port: Port): boolean {
  return port.macs.used >= port.macs.limit;
}

function refuses(port: Port): boolean {
  if (!isFull(port)) return false;
  port.macs.refused();
  return true;
}

function move(entry: Entry, to: Port, now: number): void {
  leave(entry);
  entry.port = to;
  entry.movedAt = now;
  entry.seenAt = now;
  to.macs.used++;
}

/** Takes an entry from its port. */
function leave(entry: Entry): void {
  const { port } = entry;
  if (port === undefined) return;
  if (entry.kind !== "static") port.macs.used--;
  if (port.lastSource === entry) port.lastSource = undefined;
  entry.port = undefined;
}
