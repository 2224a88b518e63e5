import type { Budget } from "../budget.ts";
import { NOTICE_SECONDS } from "../guards/notice-limit.ts";
import type { SegmentNotice } from "../notice.ts";
import type { EntryKind, MacEntry, Port } from "../port.ts";
import { MacTableEntry } from "./mac-entry.ts";
import { leave, Mobility, type Moved } from "./mobility.ts";
import { isVirtualRouterMac } from "./virtual-router.ts";

export type { MacEntry } from "../port.ts";

/** Seconds after which an address that stays silent is forgotten (IEEE 802.1D's default). */
export const AGEING_SECONDS = 300;

/**
 * Greatest number of addresses in one segment: as in common access switches, and more than the 10,000 machines that a
 * network is meant to carry. Takes about 2 MiB of memory.
 */
export const MAX_ENTRIES = 16_384;

/**
 * The result of {@link MacTable.learn}. The frame may go on after the first three. The others are the reason why it must
 * not; then nothing changed.
 */
export type Learned = "known" | "new" | "moved" | "over-limit" | "static-mac" | "duplicate-mac";

/**
 * The result of {@link MacTable.register}: the address is at the port now, or the reason why not. `contested`: the address
 * is elsewhere and the machine there is being asked, so the caller retries for some seconds.
 */
export type Registered = "registered" | "over-limit" | "static-mac" | "duplicate-mac" | "contested";

export interface MacTableOptions {
  /** Seconds of silence after which a learned address is forgotten; {@link AGEING_SECONDS} unless given. */
  readonly ageing?: number;
  /** Greatest number of addresses without static ones; {@link MAX_ENTRIES} unless given. */
  readonly limit?: number;
  /** Budget of addresses with remembered earlier places. */
  readonly histories?: Budget | undefined;
  /** Called with addresses that are used in two places. */
  readonly notice?: (notice: SegmentNotice) => void;
  /** Asks the machine with a MAC address whether it is behind a port. @returns false if there is no way to ask */
  readonly ask?: (mac: number, port: Port) => boolean;
  /**
   * Whether to hold an address that keeps moving; true unless given. False for a client, because its hub sees all places
   * and must see the frames to judge.
   */
  readonly freezes?: boolean;
}

/**
 * The forwarding table (FDB) of one segment: the port of each MAC address.
 *
 * The newest of two places wins at once, because machines move. There are three exceptions:
 *
 * - An address that keeps moving is held where it last settled (RFC 7432 section 15.1). So the first of two machines keeps
 *   its address, and a loop does not take one from its machine. It is held only while it is heard there, because an
 *   address that has really moved is silent where it was. It still goes to a place that announces it.
 * - A registered address stays until its port withdraws it or leaves, or its machine was asked and did not answer.
 * - A static address never moves.
 *
 * Addresses that routers share ({@link isVirtualRouterMac}) move by protocol and are never held. The table forgets a port
 * that leaves: a session that reconnects is a new port.
 */
export class MacTable {
  readonly #entries = new Map<number, MacTableEntry>();
  #ageing: number;
  #limit: number;
  readonly #notice: ((notice: SegmentNotice) => void) | undefined;
  readonly #mobility: Mobility;
  #statics = 0;
  /** The hub's own address. */
  #reserved: number | undefined;
  #fullToldAt = Number.NEGATIVE_INFINITY;
  /** Number of registered and static addresses that became free. */
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

  /** Changes the limits. Entries that are there already stay until they age. */
  set limits({ ageing, limit }: { readonly ageing: number; readonly limit: number }) {
    this.#ageing = ageing;
    this.#limit = limit;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Number of moves of registered addresses. */
  get moves(): number {
    return this.#mobility.moves;
  }

  /** Returns the port of an address: the only `Map` look-up for a known unicast frame. */
  lookup(mac: number): Port | undefined {
    return this.#entries.get(mac)?.port;
  }

  /** Returns the entry of an address: for explanations, not for frames. */
  find(mac: number): MacEntry | undefined {
    return this.#entries.get(mac);
  }

  /**
   * Enters the source address of a frame that came in at `port`. It must not be a group address or zero.
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
   * Registers an address that the VTEP at `port` says is behind it. The address stays there, however silent, until it is
   * withdrawn or the port leaves. An address in use elsewhere does not move at once: its machine is asked, and the caller
   * registers the address again after some ticks.
   *
   * @param now the segment's clock, in seconds
   * @param isNews false if the caller repeats an earlier registration
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
   * Notes that an announcement of `mac` came in at `port`; to be called before {@link learn}. An address that is held
   * elsewhere moves to the port, unless the frame is a loop's echo. It moves back once it is heard where it was.
   *
   * @returns whether the address moved
   */
  announce(mac: number, port: Port, now: number): boolean {
    const entry = this.#entries.get(mac);
    return entry?.kind === "learned" && this.#mobility.announce(entry, port, now);
  }

  /** Removes an address that this port has registered. */
  withdraw(mac: number, port: Port): void {
    const entry = this.#entries.get(mac);
    if (entry?.kind === "registered" && entry.port === port) this.#remove(entry);
    else if (entry?.history?.former === port) entry.history.former = undefined;
  }

  /**
   * Sets a static address, replacing any other entry; static addresses do not count towards the limit. The entry goes
   * with its port, so the caller sets it again when the port is back.
   */
  pin(mac: number, port: Port, now: number): void {
    if (mac === this.#reserved) return;
    const before = this.#entries.get(mac);
    if (before !== undefined) this.#remove(before);
    this.#entries.set(mac, new MacTableEntry(mac, port, "static", now));
    this.#statics++;
  }

  /** Sets the hub's own address. Only another call of this changes it. */
  reserve(mac: number, port: Port, now: number): void {
    this.#reserved = undefined;
    this.pin(mac, port, now);
    this.#reserved = mac;
  }

  /** Removes a static address. */
  unpin(mac: number): void {
    if (mac === this.#reserved) return;
    const entry = this.#entries.get(mac);
    if (entry?.kind === "static") this.#remove(entry);
  }

  /** Removes learned addresses that were silent for too long; to be called about once a second. */
  age(now: number): void {
    for (const entry of this.#entries.values()) {
      if (entry.kind === "learned" && now - entry.seenAt >= this.#ageing) this.#remove(entry);
    }
    this.#mobility.tick(now);
  }

  /** Removes all addresses of a port that has left. */
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

  /** Adds an entry; undefined if the port or the table is full. */
  #add(mac: number, port: Port, kind: EntryKind, now: number): MacTableEntry | undefined {
    if (!port.macs.take()) return undefined;
    if (this.#entries.size - this.#statics >= this.#limit) {
      port.macs.give();
      return this.#full(now);
    }
    const entry = new MacTableEntry(mac, port, kind, now);
    this.#entries.set(mac, entry);
    return entry;
  }

  #full(now: number): undefined {
    if (now - this.#fullToldAt < NOTICE_SECONDS) return;
    this.#fullToldAt = now;
    const message = `the forwarding table is full with ${this.#limit} addresses: frames from further ones are dropped. Raise the network's mac-limit, or look for a machine that makes addresses up.`;
    this.#notice?.({ code: "mac-limit", message, ports: [] });
  }

  #take(entry: MacTableEntry, port: Port, now: number, isNews: boolean): Moved {
    if (entry.kind === "learned" && !isVirtualRouterMac(entry.mac)) {
      return this.#mobility.settle(entry, port, now);
    }
    if (entry.port === port) return "moved";
    if (this.#isHeld(entry)) return this.#mobility.contend(entry, port, now, "registered", isNews);
    return this.#mobility.arrive(entry, port, now);
  }

  /** Returns whether an entry is registered and does not move by protocol. */
  #isHeld({ kind, mac }: MacTableEntry): boolean {
    return kind === "registered" && !isVirtualRouterMac(mac);
  }

  #remove(entry: MacTableEntry): void {
    this.#entries.delete(entry.mac);
    this.#mobility.forget(entry);
    if (entry.kind === "static") this.#statics--;
    else entry.port?.macs.give();
    if (entry.kind !== "learned") this.removals++;
    leave(entry);
  }
}
