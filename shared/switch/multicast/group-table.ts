import type { IpAddress } from "../../frame/address.ts";
import type { Port } from "../port.ts";
import {
  LAST_MEMBER_COUNT,
  LAST_MEMBER_INTERVAL,
  MAX_GROUPS_PER_PORT,
  MAX_MEMBERSHIPS,
  MEMBERSHIP_INTERVAL,
  TICK_SLACK,
} from "./timers.ts";

/** One port's membership in a group. */
interface Membership {
  readonly group: Group;
  readonly port: Port;
  /** When it ends without another report. */
  expiresAt: number;
  /** Until when a v1 host, which can't leave, is taken to be there (RFC 3376 §7.3.2). */
  v1Until: number;
  /** When somebody left, where that is yet to be confirmed. */
  leftAt: number | undefined;
  /** Queries sent since then. */
  asked: number;
}

/** A group that somebody is in, or was while its traffic still comes. */
export class Group {
  readonly address: IpAddress;
  /** The address in 32-bit words, as signed integers; all but the last are 0 for IPv4. */
  readonly words: readonly [number, number, number, number];
  readonly members = new Map<Port, Membership>();
  /** When traffic came last: the reader's to set. */
  usedAt: number;
  /** The port whose share of the table it takes while nobody is in it; undefined for one that is gone. */
  holder: Port | undefined;
  /** Ports that traffic goes to, and the revision of the table for which that holds. */
  receivers: ReadonlySet<Port> = NOBODY;
  revision = -1;
  /** The next with the same hash. */
  next: Group | undefined;

  constructor(address: IpAddress, words: readonly [number, number, number, number], now: number) {
    this.address = address;
    this.words = words;
    this.usedAt = now;
  }
}

const NOBODY: ReadonlySet<Port> = new Set();

/**
 * Who is in which group: memberships by IP group and port, each with the timers of RFC 3376 and RFC 3810.
 *
 * Keyed on the IP group, as 32 of IPv4 share one MAC address. Membership is in the group as a whole: who
 * wants some of its sources gets all, as filtering by source is the hosts' affair too (RFC 3376 §3.2 has them
 * do it whatever arrives).
 *
 * A group whose last member is gone is held, with nobody in it, until its traffic has been silent for
 * {@link MEMBERSHIP_INTERVAL}: forgotten at once, it would be unregistered, and what the last member left
 * would be flooded to everybody, that member included. Not so groups of IPv6's link scope, which neighbour
 * discovery depends on: there, a frame too many is better than one too few.
 *
 * Every port has a share of its own, so one that joins whatever there is takes nothing from the others.
 */
export class GroupTable {
  /** By hash; the rest of those with the same hash hang on the first. */
  readonly #groups = new Map<number, Group>();
  /** Memberships and held groups of each port; those of ports that are gone under undefined. */
  readonly #shares = new Map<Port | undefined, number>();
  readonly #leaving = new Set<Membership>();
  /** Not the same in any two tables, so that nobody can prepare groups that all have one hash. */
  readonly #seed = (Math.random() * 2 ** 32) | 0;
  #memberships = 0;
  #size = 0;
  #now = 0;

  /** Groups, with those that are held. */
  get size(): number {
    return this.#size;
  }

  /** Memberships, with the groups that are held. */
  get memberships(): number {
    return this.#memberships;
  }

  /**
   * The group of an address in 32-bit words, signed; 0, 0, 0 and the address for one of IPv4. For every frame:
   * allocates nothing.
   */
  find(w0: number, w1: number, w2: number, w3: number): Group | undefined {
    let group = this.#groups.get(hash(this.#seed, w0, w1, w2, w3));
    while (group !== undefined) {
      const words = group.words;
      if (words[3] === w3 && words[2] === w2 && words[1] === w1 && words[0] === w0) return group;
      group = group.next;
    }
    return undefined;
  }

  /** The same for an address. */
  get(address: IpAddress): Group | undefined {
    const [w0, w1, w2, w3] = toWords(address);
    return this.find(w0, w1, w2, w3);
  }

  *groups(): Generator<Group> {
    for (const first of this.#groups.values()) {
      for (let group: Group | undefined = first; group !== undefined; group = group.next) yield group;
    }
  }

  /**
   * Notes a report.
   *
   * @param v1 whether it is one of IGMPv1
   * @returns false where the port, or the table, is full
   */
  join(address: IpAddress, port: Port, now: number, v1 = false): boolean {
    this.#now = now;
    const group = this.get(address);
    const known = group?.members.get(port);
    if (known !== undefined) {
      known.expiresAt = now + MEMBERSHIP_INTERVAL;
      if (v1) known.v1Until = known.expiresAt;
      known.leftAt = undefined;
      this.#leaving.delete(known);
      return true;
    }
    const held = group !== undefined && group.members.size === 0;
    if (held) this.#count(group.holder, -1);
    if (!this.#hasRoom(port)) {
      if (held) this.#count(group.holder, 1);
      return false;
    }
    const joined = group ?? this.#add(address, now);
    const expiresAt = now + MEMBERSHIP_INTERVAL;
    joined.members.set(port, {
      group: joined,
      port,
      expiresAt,
      v1Until: v1 ? expiresAt : now,
      leftAt: undefined,
      asked: 0,
    });
    joined.holder = undefined;
    joined.revision = -1;
    this.#count(port, 1);
    return true;
  }

  /**
   * Notes a leave: unless somebody reports the group, the port's membership ends after the last-member queries.
   *
   * @returns whether the first of those is to be sent now; not if the port isn't in the group, is leaving
   *   already, or has a v1 host in it
   */
  leave(address: IpAddress, port: Port, now: number): boolean {
    const membership = this.get(address)?.members.get(port);
    if (membership === undefined || membership.leftAt !== undefined) return false;
    if (membership.v1Until > now) return false;
    membership.leftAt = now;
    membership.asked = 1;
    this.#leaving.add(membership);
    return true;
  }

  /**
   * Ends what has run out, and forgets groups that nobody is in or sends to; to be called about once a second.
   *
   * @param ask sends a last-member query
   */
  tick(now: number, ask: (group: IpAddress, port: Port) => void): void {
    this.#now = now;
    for (const membership of this.#leaving) this.#pursue(membership, now, ask);
    for (const group of this.groups()) {
      for (const membership of group.members.values()) {
        if (now >= membership.expiresAt) this.#end(membership, now);
      }
      if (group.members.size === 0 && now - group.usedAt >= MEMBERSHIP_INTERVAL) this.#forget(group);
    }
  }

  /** Ends the memberships of a port that is gone. */
  detach(port: Port): void {
    for (const group of this.groups()) {
      const membership = group.members.get(port);
      if (membership !== undefined) this.#end(membership, this.#now);
      if (group.holder === port) this.#disown(group);
    }
    this.#shares.delete(port);
  }

  #pursue(membership: Membership, now: number, ask: (group: IpAddress, port: Port) => void): void {
    const { group, port, leftAt, asked } = membership;
    if (leftAt === undefined || now - leftAt < asked * LAST_MEMBER_INTERVAL - TICK_SLACK) return;
    if (asked >= LAST_MEMBER_COUNT) {
      this.#end(membership, now);
      return;
    }
    membership.asked++;
    ask(group.address, port);
  }

  #end(membership: Membership, now: number): void {
    const { group, port } = membership;
    this.#leaving.delete(membership);
    group.members.delete(port);
    group.revision = -1;
    if (group.members.size > 0) {
      this.#count(port, -1);
      return;
    }
    // What the port had of its share, the group keeps.
    group.holder = port;
    group.usedAt = now;
    if (isLinkScope(group.words[0])) this.#forget(group);
  }

  /** Keeps a group whose last member's port is gone, if there is room among those. */
  #disown(group: Group): void {
    this.#count(group.holder, -1);
    group.holder = undefined;
    this.#count(undefined, 1);
    if ((this.#shares.get(undefined) ?? 0) > MAX_GROUPS_PER_PORT) this.#forget(group);
  }

  #hasRoom(port: Port): boolean {
    return this.#memberships < MAX_MEMBERSHIPS && (this.#shares.get(port) ?? 0) < MAX_GROUPS_PER_PORT;
  }

  #count(port: Port | undefined, change: 1 | -1): void {
    this.#shares.set(port, (this.#shares.get(port) ?? 0) + change);
    this.#memberships += change;
  }

  #add(address: IpAddress, now: number): Group {
    const words = toWords(address);
    const group = new Group(address, words, now);
    const key = hash(this.#seed, ...words);
    group.next = this.#groups.get(key);
    this.#groups.set(key, group);
    this.#size++;
    return group;
  }

  #forget(group: Group): void {
    this.#count(group.holder, -1);
    group.holder = undefined;
    this.#size--;
    const key = hash(this.#seed, ...group.words);
    const first = this.#groups.get(key);
    if (first === group) {
      if (group.next === undefined) this.#groups.delete(key);
      else this.#groups.set(key, group.next);
      return;
    }
    for (let before = first; before !== undefined; before = before.next) {
      if (before.next === group) before.next = group.next;
    }
  }
}

/** Whether a group's first word is that of IPv6's link scope, ff02::/16. */
export function isLinkScope(word: number): boolean {
  return word >>> 16 === 0xff02;
}

function toWords(address: IpAddress): readonly [number, number, number, number] {
  if (typeof address === "number") return [0, 0, 0, address | 0];
  const word = (shift: bigint) => Number(BigInt.asIntN(32, address >> shift));
  return [word(96n), word(64n), word(32n), word(0n)];
}

/** 32 bits, signed: multiply and shift, as in MurmurHash. */
function hash(seed: number, w0: number, w1: number, w2: number, w3: number): number {
  return mix(mix(mix(mix(seed, w0), w1), w2), w3);
}

function mix(state: number, word: number): number {
  const product = Math.imul(state ^ word, 0x9e37_79b1);
  return product ^ (product >>> 15);
}
