import type { IpAddress } from "../../frame/address.ts";
import { Budget, Shares } from "../budget.ts";
import type { Port } from "../port.ts";
import {
  LAST_MEMBER_COUNT,
  LAST_MEMBER_INTERVAL,
  MAX_GROUPS_PER_PORT,
  MAX_MEMBERSHIPS,
  MEMBERSHIP_INTERVAL,
  TICK_SLACK,
} from "./timers.ts";

/** One port's membership in a group. Times are whole tenths of a second, which V8 keeps without a box. */
interface Membership {
  readonly group: Group;
  readonly port: Port;
  /** When it ends without another report. */
  expiresAt: number;
  /** Until when a v1 host, which can't leave, is taken to be there (RFC 3376 §7.3.2). */
  v1Until: number;
  /** When somebody left, in seconds, where that is yet to be confirmed. */
  leftAt: number | undefined;
  /** Queries sent since then. */
  asked: number;
}

/**
 * A group that somebody is in, or was while its traffic still comes. Most have one member, so that stands in the group
 * itself; a map is made for the second.
 */
export class Group {
  /** The address in 32-bit words, as signed integers; all but the last are 0 for IPv4. */
  readonly w0: number;
  readonly w1: number;
  readonly w2: number;
  readonly w3: number;
  /** When traffic came last: the reader's to set. */
  usedAt: number;
  /** The holder of its share of the table while it has no member: a port, or those that are gone. */
  holder: object | undefined;
  /** Ports that traffic goes to, and the revision of the table for which that holds. */
  receivers: ReadonlySet<Port> = NOBODY;
  revision = -1;
  /** The next with the same hash. */
  next: Group | undefined;
  #members: Membership | Map<Port, Membership> | undefined;

  constructor(words: Words, now: number) {
    [this.w0, this.w1, this.w2, this.w3] = words;
    this.usedAt = now;
  }

  get address(): IpAddress {
    if (this.w0 === 0) return this.w3 >>> 0;
    const word = (value: number) => BigInt(value >>> 0);
    return (word(this.w0) << 96n) | (word(this.w1) << 64n) | (word(this.w2) << 32n) | word(this.w3);
  }

  /** How many ports are in it. */
  get size(): number {
    const members = this.#members;
    return members === undefined ? 0 : members instanceof Map ? members.size : 1;
  }

  /** The ports that are in it. */
  get ports(): Port[] {
    const members = this.#members;
    if (members instanceof Map) return [...members.keys()];
    return members === undefined ? [] : [members.port];
  }

  /** One whose time is over; undefined where there is none. */
  ended(now: number): Membership | undefined {
    const members = this.#members;
    if (members === undefined) return undefined;
    if (!(members instanceof Map)) return now >= members.expiresAt ? members : undefined;
    for (const one of members.values()) if (now >= one.expiresAt) return one;
    return undefined;
  }

  of(port: Port): Membership | undefined {
    const members = this.#members;
    if (members instanceof Map) return members.get(port);
    return members?.port === port ? members : undefined;
  }

  enter(membership: Membership): void {
    const members = this.#members;
    if (members === undefined) this.#members = membership;
    else if (members instanceof Map) members.set(membership.port, membership);
    else {
      this.#members = new Map([
        [members.port, members],
        [membership.port, membership],
      ]);
    }
  }

  leave(port: Port): void {
    const members = this.#members;
    if (members instanceof Map) {
      members.delete(port);
      const [last] = members.size === 1 ? members.values() : [];
      if (last !== undefined) this.#members = last;
    } else if (members?.port === port) {
      this.#members = undefined;
    }
  }
}

type Words = readonly [number, number, number, number];

export const NOBODY: ReadonlySet<Port> = new Set();

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
 * Every port has a share of its own, over all tables of a segment, so one that joins whatever there is takes nothing from
 * the others. A unit of it is a membership or a held group, 230 bytes at most (measured in test/shared/switch/table-memory.test.ts).
 */
export class GroupTable {
  /** By hash; the rest of those with the same hash hang on the first. */
  readonly #groups = new Map<number, Group>();
  readonly #shares: Shares<object>;
  readonly #changed: (group: Group) => void;
  /** Holds the groups whose last member's port is gone. */
  readonly #gone = {};
  readonly #leaving = new Set<Membership>();
  /** Not the same in any two tables, so that nobody can prepare groups that all have one hash. */
  readonly #seed = (Math.random() * 2 ** 32) | 0;
  #memberships = 0;
  #held = 0;
  #size = 0;
  #now = 0;

  /**
   * @param shares what each port may have, in all tables of the segment
   * @param changed told of a group whose receivers are others, or that is forgotten
   */
  constructor(
    shares: Shares<object> = new Shares(MAX_GROUPS_PER_PORT, [new Budget(MAX_MEMBERSHIPS)]),
    changed: (group: Group) => void = () => {},
  ) {
    this.#shares = shares;
    this.#changed = changed;
  }

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
      if (group.w3 === w3 && group.w2 === w2 && group.w1 === w1 && group.w0 === w0) return group;
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
    const known = group?.of(port);
    const expiresAt = tenths(now + MEMBERSHIP_INTERVAL);
    if (known !== undefined) {
      known.expiresAt = expiresAt;
      if (v1) known.v1Until = expiresAt;
      known.leftAt = undefined;
      this.#leaving.delete(known);
      return true;
    }
    const holder = group?.holder;
    if (!(holder === undefined ? this.#shares.take(port) : this.#shares.move(holder, port))) return false;
    if (holder === this.#gone) this.#held--;
    if (holder === undefined) this.#memberships++;
    const joined = group ?? this.#add(address, now);
    joined.enter({
      group: joined,
      port,
      expiresAt,
      v1Until: v1 ? expiresAt : 0,
      leftAt: undefined,
      asked: 0,
    });
    joined.holder = undefined;
    this.#changed(joined);
    return true;
  }

  /**
   * Notes a leave: unless somebody reports the group, the port's membership ends after the last-member queries.
   *
   * @returns whether the first of those is to be sent now; not if the port isn't in the group, is leaving
   *   already, or has a v1 host in it
   */
  leave(address: IpAddress, port: Port, now: number): boolean {
    const membership = this.get(address)?.of(port);
    if (membership === undefined || membership.leftAt !== undefined) return false;
    if (membership.v1Until > tenths(now)) return false;
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
      for (let ended = group.ended(tenths(now)); ended !== undefined; ended = group.ended(tenths(now))) {
        this.#end(ended, now);
      }
      if (group.size === 0 && now - group.usedAt >= MEMBERSHIP_INTERVAL) this.#forget(group);
    }
  }

  /** Ends the memberships of a port that is gone. */
  detach(port: Port): void {
    for (const group of this.groups()) {
      const membership = group.of(port);
      if (membership !== undefined) this.#end(membership, this.#now);
      if (group.holder === port) this.#disown(group, port);
    }
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
    group.leave(port);
    this.#changed(group);
    if (group.size > 0) return this.#give(port);
    // What the port had of its share, the group keeps.
    group.holder = port;
    group.usedAt = now;
    if (isLinkScope(group.w0)) this.#forget(group);
  }

  /** Keeps a group whose last member's port is gone, if there is room among those. */
  #disown(group: Group, port: Port): void {
    if (this.#held >= MAX_GROUPS_PER_PORT || !this.#shares.move(port, this.#gone)) return this.#forget(group);
    group.holder = this.#gone;
    this.#held++;
  }

  #give(holder: object): void {
    this.#shares.give(holder);
    this.#memberships--;
    if (holder === this.#gone) this.#held--;
  }

  #add(address: IpAddress, now: number): Group {
    const words = toWords(address);
    const group = new Group(words, now);
    const key = hash(this.#seed, ...words);
    group.next = this.#groups.get(key);
    this.#groups.set(key, group);
    this.#size++;
    return group;
  }

  #forget(group: Group): void {
    this.#changed(group);
    if (group.holder !== undefined) this.#give(group.holder);
    group.holder = undefined;
    this.#size--;
    const key = hash(this.#seed, group.w0, group.w1, group.w2, group.w3);
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

/** Seconds in whole tenths. */
function tenths(seconds: number): number {
  return Math.floor(seconds * 10);
}

function toWords(address: IpAddress): Words {
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
