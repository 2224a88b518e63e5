import type { Budget } from "./budget.ts";
import { NOTICE_SECONDS } from "./guards/notice-limit.ts";
import type { Notice } from "./notice.ts";
import { Entry } from "./places/mac-entry.ts";
import { leave, Mobility, type Moved } from "./places/mobility.ts";
import { isVirtualRouterMac } from "./places/virtual-router.ts";
import type { EntryKind, MacEntry, Port } from "./port.ts";

export type { MacEntry } from "./port.ts";

/** Seconds after which an address that stays silent is forgotten (IEEE 802.1D's default). */
export const AGEING_SECONDS = 300;

/**
 * How many addresses one segment may hold: what access switches commonly do, with room above the 10,000 machines
 * that a network is meant to carry, for about 2 MiB of memory.
 */
export const MAX_ENTRIES = 16_384;

/**
 * What {@link MacTable.learn} did with a source address. The frame may go on after the first three; the others say why
 * it must not, and left everything as it was.
 */
export type Learned = "known" | "new" | "moved" | "over-limit" | "static-mac" | "duplicate-mac";

/**
 * What {@link MacTable.register} did: the address is at the port now, or why it is not. `contested`: it is somewhere else,
 * where it is asked for; to be tried again for some seconds.
 */
export type Registered = "registered" | "over-limit" | "static-mac" | "duplicate-mac" | "contested";

export interface MacTableOptions {
  /** Seconds of silence after which a learned address is forgotten; {@link AGEING_SECONDS} unless given. */
  readonly ageing?: number;
  /** How many addresses, static ones aside; {@link MAX_ENTRIES} unless given. */
  readonly limit?: number;
  /** Of addresses of which it is remembered where they were before. */
  readonly histories?: Budget | undefined;
  /** Hears of an address that is used in two places. */
  readonly notice?: (notice: Notice) => void;
  /** Asks the machine with a MAC address behind a port whether it is there. @returns whether there is a way to ask */
  readonly ask?: (mac: number, port: Port) => boolean;
  /**
   * Whether an address that keeps moving is held, as it is unless told. Not where there are but a machine and its
   * hub: the hub sees all the places, and has to see the frames to judge and to say so.
   */
  readonly freezes?: boolean;
}

/**
 * The forwarding table (FDB) of one segment: where each MAC address is.
 *
 * Of two places the newest wins at once, for machines move. There are three exceptions:
 *
 * - An address that keeps moving without settling is held (RFC 7432 section 15.1) where it last stayed for a while: of two
 *   machines the one that was there first keeps its address, and a loop does not take it from its machine. It is held only
 *   while it is heard there, because an address that has really moved is silent where it was, and it goes to the newest place
 *   that announces it.
 * - A registered address stays while the place that registered it is there: another one gets it only once that has withdrawn
 *   it, has gone, or was asked and said nothing.
 * - What is static is moved by nothing.
 *
 * Addresses that routers share ({@link isVirtualRouterMac}) move by protocol and are never held. Of a port that is gone
 * nothing is remembered: who reconnects is new.
 */
export class MacTable {
  readonly #entries = new Map<number, Entry>();
  #ageing: number;
  #limit: number;
  readonly #notice: ((notice: Notice) => void) | undefined;
  readonly #mobility: Mobility;
  #statics = 0;
  /** The hub's own address. */
  #reserved: number | undefined;
  #fullToldAt = Number.NEGATIVE_INFINITY;
  /** Grows whenever an address that was registered or static has become free. */
  removals = 0;

  constructor({
    ageing = AGEING_SECONDS,
    limit = MAX_ENTRIES,
    histories,
    notice,
    ask,
    freezes = true,
  }: MacTableOptions = {}) {
    this.#ageing = ageing;
    this.#limit = limit;
    this.#notice = notice;
    this.#mobility = new Mobility({ histories, notice, ask, freezes });
  }

  /** Others hold from now on; what is there already stays until it ages. */
  set limits({ ageing, limit }: { readonly ageing: number; readonly limit: number }) {
    this.#ageing = ageing;
    this.#limit = limit;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Grows whenever a registered address has changed places. */
  get moves(): number {
    return this.#mobility.moves;
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
      const added = this.#add(mac, port, "learned", now);
      if (added === undefined) return "over-limit";
      port.lastSource = added;
      return "new";
    }
    if (entry.kind === "static") return "static-mac";
    const moved = this.#isHeld(entry)
      ? this.#mobility.contend(entry, port, now, "learned")
      : this.#mobility.arrive(entry, port, now);
    if (moved !== "moved") return moved === "contested" ? "static-mac" : moved;
    if (!this.#isHeld(entry)) entry.kind = "learned";
    port.lastSource = entry;
    return "moved";
  }

  /**
   * Notes that the VTEP at `port` says that `mac` is behind it. It stays there, however silent, until it is withdrawn or the
   * port is gone. An address that is in use elsewhere is not taken from there at once: it has to be registered again after
   * some ticks, in which the other place is asked.
   *
   * @param now the segment's clock, in seconds
   * @param isNews false where this is such a repetition, and not the VTEP's word of just now
   */
  register(mac: number, port: Port, now: number, isNews = true): Registered {
    const entry = this.#entries.get(mac);
    if (entry === undefined) return this.#add(mac, port, "registered", now) ? "registered" : "over-limit";
    if (entry.kind === "static") {
      if (entry.port === port) return "registered";
      this.#mobility.keep(entry, port, now);
      return "static-mac";
    }
    const moved = this.#take(entry, port, now, isNews);
    if (moved !== "moved") return moved;
    entry.kind = "registered";
    if (isNews) entry.seenAt = now;
    return "registered";
  }

  /**
   * Notes that a frame which says to everybody where `mac` is came in at `port`, before {@link learn}: an address that is held
   * elsewhere goes to where it announces itself, unless that is a loop's echo, and back once it is heard where it was.
   *
   * @returns whether it moved
   */
  announce(mac: number, port: Port, now: number): boolean {
    const entry = this.#entries.get(mac);
    return entry?.kind === "learned" && this.#mobility.announce(entry, port, now);
  }

  /** Forgets a registered address, if it is this port that has it registered. */
  withdraw(mac: number, port: Port): void {
    const entry = this.#entries.get(mac);
    if (entry?.kind === "registered" && entry.port === port) this.#remove(entry);
    else if (entry?.history?.former === port) entry.history.former = undefined;
  }

  /**
   * Puts an address where an operator says that it is, whatever was known; no limit holds for these. It is forgotten
   * with its port, so whoever sets it does so again when the port is back.
   */
  pin(mac: number, port: Port, now: number): void {
    if (mac === this.#reserved) return;
    const before = this.#entries.get(mac);
    if (before !== undefined) this.#remove(before);
    this.#entries.set(mac, new Entry(mac, port, "static", now));
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

  /** Forgets the learned addresses that have been silent for too long; to be called about once a second. */
  age(now: number): void {
    for (const entry of this.#entries.values()) {
      if (entry.kind === "learned" && now - entry.seenAt >= this.#ageing) this.#remove(entry);
    }
    this.#mobility.tick(now);
  }

  /** Forgets everything behind a port that is gone. */
  forget(port: Port): void {
    for (const entry of this.#entries.values()) {
      if (entry.port === port) this.#remove(entry);
      else entry.forget(port);
    }
    this.#mobility.detach(port);
  }

  entries(): IterableIterator<MacEntry> {
    return this.#entries.values();
  }

  /** @returns undefined where the port or the table is full */
  #add(mac: number, port: Port, kind: EntryKind, now: number): Entry | undefined {
    if (!port.macs.take()) return undefined;
    if (this.#entries.size - this.#statics >= this.#limit) {
      port.macs.give();
      return this.#full(now);
    }
    const entry = new Entry(mac, port, kind, now);
    this.#entries.set(mac, entry);
    return entry;
  }

  #full(now: number): undefined {
    if (now - this.#fullToldAt < NOTICE_SECONDS) return;
    this.#fullToldAt = now;
    const message = `the forwarding table is full with ${this.#limit} addresses: frames from further ones are dropped. Raise the network's mac-limit, or look for a machine that makes addresses up.`;
    this.#notice?.({ code: "mac-limit", message, ports: [] });
  }

  #take(entry: Entry, port: Port, now: number, isNews: boolean): Moved {
    if (entry.kind === "learned" && !isVirtualRouterMac(entry.mac)) {
      return this.#mobility.settle(entry, port, now);
    }
    if (entry.port === port) return "moved";
    if (this.#isHeld(entry)) return this.#mobility.contend(entry, port, now, "registered", isNews);
    return this.#mobility.arrive(entry, port, now);
  }

  /** Whether an entry is registered, and not one that moves by protocol. */
  #isHeld({ kind, mac }: Entry): boolean {
    return kind === "registered" && !isVirtualRouterMac(mac);
  }

  #remove(entry: Entry): void {
    this.#entries.delete(entry.mac);
    this.#mobility.forget(entry);
    if (entry.kind === "static") this.#statics--;
    else entry.port?.macs.give();
    if (entry.kind !== "learned") this.removals++;
    leave(entry);
  }
}
