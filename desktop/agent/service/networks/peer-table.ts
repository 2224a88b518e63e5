import type { Member } from "../../../../shared/protocol/control.ts";
import type { Peer } from "../../../rpc/shapes.ts";
import { MemberBudget } from "./member-budget.ts";

/** Offline members that are remembered, so that they can be woken. */
const REMEMBERED = 256;
/** Maximum members of one network, and their bytes: less than one answer to a caller may have, because it lists all. */
const MAX_MEMBERS = 10_000;
const MAX_BYTES = 3 * 1024 * 1024;
/** Overhead of an entry besides its member's texts, in an answer as in memory. */
const ENTRY_BYTES = 256;

interface Entry {
  readonly member: Member;
  readonly macs: ReadonlySet<string>;
  readonly bytes: number;
  readonly online: boolean;
  latencyMs: number | null;
  /** Time when it was last known to be online, in milliseconds since 1970. */
  readonly seenAt: number;
}

/**
 * The other members of a network that the relay reported, online or gone. Members beyond the bounds are counted but not
 * kept: the list is for people, and frames pass without it.
 */
export class PeerTable {
  /** Entries by VTEP. */
  readonly #entries = new Map<string, Entry>();
  /** VTEPs of offline members, the longest offline first. */
  readonly #away = new Set<string>();
  readonly #changed: (peer: Peer) => void;
  readonly #budget: MemberBudget;
  #bytes = 0;
  #passedOver = 0;

  /**
   * @param changed called with every member that came, went or changed
   * @param budget shared with the tables of other networks
   */
  constructor(changed: (peer: Peer) => void, budget: MemberBudget = new MemberBudget()) {
    this.#changed = changed;
    this.#budget = budget;
  }

  /** Number of online members. */
  get online(): number {
    return this.#entries.size - this.#away.size;
  }

  /** Number of times that a member was not kept for lack of room. */
  get passedOver(): number {
    return this.#passedOver;
  }

  get peers(): Peer[] {
    return [...this.#entries.values()].map(toPeer);
  }

  find(vtep: string): Peer | undefined {
    const entry = this.#entries.get(vtep);
    return entry && toPeer(entry);
  }

  /** Replaces the list with the relay's complete one. */
  replace(members: readonly Member[]): void {
    const there = new Set(members.map(({ vtep }) => vtep));
    for (const [vtep, { online }] of this.#entries) if (online && !there.has(vtep)) this.#left(vtep);
    for (const member of members) this.#entered(member);
  }

  /** Applies the relay's news of one member. */
  update(event: "joined" | "changed" | "left", member: Member): void {
    if (event === "left") this.#left(member.vtep);
    else this.#entered(member);
  }

  /** Marks all online members as gone: the relay is unreachable. */
  lost(): void {
    for (const [vtep, { online }] of this.#entries) if (online) this.#left(vtep);
  }

  /** Removes all members, and returns their memory. */
  clear(): void {
    for (const vtep of [...this.#entries.keys()]) this.#forget(vtep);
  }

  /** @param milliseconds null if the member did not answer */
  measured(vtep: string, milliseconds: number | null): void {
    const entry = this.#entries.get(vtep);
    if (entry?.online !== true || entry.latencyMs === milliseconds) return;
    entry.latencyMs = milliseconds;
    this.#changed(toPeer(entry));
  }

  #entered(member: Member): void {
    const { vtep } = member;
    const before = this.#entries.get(vtep);
    // An online member keeps its place.
    if (before?.online === true) this.#release(before);
    else this.#forget(vtep);
    // A returning member has a new VTEP; its old entry is removed.
    for (const other of this.#away) {
      const one = this.#entries.get(other);
      if (one !== undefined && isSame(one, member)) this.#forget(other);
    }
    const bytes = ENTRY_BYTES + Buffer.byteLength(JSON.stringify(member));
    // Offline members make room.
    const others = this.online - Number(before?.online === true);
    while (!this.#hasRoom(bytes) && this.#forgetOldest());
    if (others >= MAX_MEMBERS || !this.#hasRoom(bytes) || !this.#budget.take(bytes)) {
      this.#passedOver++;
      if (before?.online !== true) return;
      this.#entries.delete(vtep);
      this.#changed(toPeer(goneNow(before)));
      return;
    }
    this.#bytes += bytes;
    const macs = new Set(member.endpoints.map(({ mac }) => mac));
    const latencyMs = before?.latencyMs ?? null;
    const entry = { member, macs, bytes, online: true, latencyMs, seenAt: Date.now() };
    this.#entries.set(vtep, entry);
    this.#changed(toPeer(entry));
  }

  #left(vtep: string): void {
    const entry = this.#entries.get(vtep);
    if (entry?.online !== true) return;
    const gone = goneNow(entry);
    // Moves it behind the online members and those that went before it.
    this.#entries.delete(vtep);
    this.#entries.set(vtep, gone);
    this.#away.add(vtep);
    this.#changed(toPeer(gone));
    if (this.#away.size > REMEMBERED) this.#forgetOldest();
  }

  #hasRoom(bytes: number): boolean {
    return this.#bytes + bytes <= MAX_BYTES;
  }

  /** Returns false if no member is offline. */
  #forgetOldest(): boolean {
    const [oldest] = this.#away;
    if (oldest === undefined) return false;
    this.#forget(oldest);
    return true;
  }

  #forget(vtep: string): void {
    const entry = this.#entries.get(vtep);
    if (entry === undefined) return;
    this.#entries.delete(vtep);
    this.#away.delete(vtep);
    this.#release(entry);
  }

  #release({ bytes }: Entry): void {
    this.#bytes -= bytes;
    this.#budget.give(bytes);
  }
}

function goneNow(entry: Entry): Entry {
  return { ...entry, online: false, latencyMs: null, seenAt: Date.now() };
}

function isSame({ member, macs }: Entry, other: Member): boolean {
  if (member.name !== other.name) return false;
  return other.endpoints.length === 0 || macs.size === 0 || other.endpoints.some(({ mac }) => macs.has(mac));
}

function toPeer({ member, online, latencyMs, seenAt }: Entry): Peer {
  const { vtep, name, endpoints } = member;
  return {
    vtep,
    name,
    online,
    macs: endpoints.map(({ mac }) => mac),
    addresses: endpoints.flatMap(({ addresses = [] }) => addresses),
    latency_ms: latencyMs,
    path: "relayed",
    rx_bytes: null,
    tx_bytes: null,
    last_seen: online ? null : new Date(seenAt).toISOString(),
  };
}
