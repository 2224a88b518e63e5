import type { IpAddress } from "../../frame/address.ts";
import { Budget, BudgetShares } from "../budget.ts";
import type { Port } from "../port.ts";
import {
  LAST_MEMBER_COUNT,
  LAST_MEMBER_INTERVAL,
  MAX_GROUPS_PER_PORT,
  MAX_MEMBERSHIPS,
  MEMBERSHIP_INTERVAL,
  TICK_SLACK,
} from "./timers.ts";

/** One port's membership in a group. Times are whole tenths of a second, because V8 stores them without a box. */
interface Membership {
  readonly group: MulticastGroup;
  readonly port: Port;
  /** When it ends unless a report comes. */
  expiresAt: number;
  /** Until when a v1 host, which cannot leave, counts as present (RFC 3376 §7.3.2). */
  v1Until: number;
  /** When a host left, in seconds, while that is unconfirmed. */
  leftAt: number | undefined;
  /** Queries sent since then. */
  asked: number;
}

/**
 * A group with members, or without any while its traffic still comes. Most have one member, which is stored in the group
 * itself; the second creates a map.
 */
export class MulticastGroup {
  /** The address in 32-bit words, as signed integers; all but the last are 0 for IPv4. */
  readonly w0: number;
  readonly w1: number;
  readonly w2: number;
  readonly w3: number;
  /** When its last traffic came. The caller of {@link GroupTable.find} sets it. */
  usedAt: number;
  /** The holder of its share of the table while it has no member: a port, or all ports that have left. */
  holder: object | undefined;
  /** The cached receivers, and the revision for which they hold. */
  receivers: ReadonlySet<Port> = NOBODY;
  revision = -1;
  /** The next with the same hash. */
  next: MulticastGroup | undefined;
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

  /** Number of member ports. */
  get size(): number {
    const members = this.#members;
    return members === undefined ? 0 : members instanceof Map ? members.size : 1;
  }

  /** The member ports. */
  get ports(): Port[] {
    const members = this.#members;
    if (members instanceof Map) return [...members.keys()];
    return members === undefined ? [] : [members.port];
  }

  /** Returns a member whose time is over, or undefined. */
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
 * Memberships of ports in IP groups, each with the timers of RFC 3376 and RFC 3810.
 *
 * The key is the IP group, because 32 groups of IPv4 share one MAC address. A membership covers all sources of a group,
 * because hosts filter by source themselves (RFC 3376 §3.2).
 *
 * A group without members is held until its traffic was silent for {@link MEMBERSHIP_INTERVAL}. If it were forgotten at
 * once, its traffic would be flooded, also to the member that just left. Groups of IPv6's link scope are not held,
 * because neighbour discovery depends on them: there, a frame too many is better than one too few.
 *
 * Every port has its own share of all tables of a segment, so a port that joins everything takes nothing from others. A
 * unit is a membership or a held group, 230 bytes at most (measured in test/shared/switch/table-memory.test.ts).
 */
export class GroupTable {
  /** Groups by hash; each links to the next with the same hash. */
  readonly #groups = new Map<number, MulticastGroup>();
  readonly #shares: BudgetShares<object>;
  readonly #changed: (group: MulticastGroup) => void;
  /** Holds the groups that lost their last member because its port left. */
  readonly #gone = {};
  readonly #leaving = new Set<Membership>();
  /** Random for each table, so that no machine can prepare groups that all have one hash. */
  readonly #seed = (Math.random() * 2 ** 32) | 0;
  #memberships = 0;
  #held = 0;
  #size = 0;
  #now = 0;

  /**
   * @param shares each port's share of all tables of the segment
   * @param changed called with a group after its receivers changed or it was removed
   */
  constructor(
    shares: BudgetShares<object> = new BudgetShares(MAX_GROUPS_PER_PORT, [new Budget(MAX_MEMBERSHIPS)]),
    changed: (group: MulticastGroup) => void = () => {},
  ) {
    this.#shares = shares;
    this.#changed = changed;
  }

  /** Number of groups, including held ones. */
  get size(): number {
    return this.#size;
  }

  /** Number of memberships, including held groups. */
  get memberships(): number {
    return this.#memberships;
  }

  /**
   * Returns the group of an address in signed 32-bit words: 0, 0, 0 and the address for IPv4. Called for every frame, so
   * it allocates nothing.
   */
  find(w0: number, w1: number, w2: number, w3: number): MulticastGroup | undefined {
    let group = this.#groups.get(hash(this.#seed, w0, w1, w2, w3));
    while (group !== undefined) {
      if (group.w3 === w3 && group.w2 === w2 && group.w1 === w1 && group.w0 === w0) return group;
      group = group.next;
    }
    return undefined;
  }

  /** Returns the group of an address. */
  get(address: IpAddress): MulticastGroup | undefined {
    const [w0, w1, w2, w3] = toWords(address);
    return this.find(w0, w1, w2, w3);
  }

  *groups(): Generator<MulticastGroup> {
    for (const first of this.#groups.values()) {
      for (let group: MulticastGroup | undefined = first; group !== undefined; group = group.next)
        yield group;
    }
  }

  /**
   * Notes a report.
   *
   * @param v1 whether it is an IGMPv1 report
   * @returns false if the port or the table is full
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
   * Notes a leave: the port's membership ends after the last-member queries unless a report comes.
   *
   * @returns whether to send the first of these queries now: not if the port is not in the group, is leaving already, or
   *   has a v1 host in it
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
   * Ends memberships that timed out, and removes groups without members and traffic; to be called about once a second.
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

  /** Ends the memberships of a port that has left. */
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
    // The group keeps the unit that the port's membership had.
    group.holder = port;
    group.usedAt = now;
    if (isLinkScope(group.w0)) this.#forget(group);
  }

  /** Keeps a group that lost its last member because the port left, if there is room. */
  #disown(group: MulticastGroup, port: Port): void {
    if (this.#held >= MAX_GROUPS_PER_PORT || !this.#shares.move(port, this.#gone)) return this.#forget(group);
    group.holder = this.#gone;
    this.#held++;
  }

  #give(holder: object): void {
    this.#shares.give(holder);
    this.#memberships--;
    if (holder === this.#gone) this.#held--;
  }

  #add(address: IpAddress, now: number): MulticastGroup {
    const words = toWords(address);
    const group = new MulticastGroup(words, now);
    const key = hash(this.#seed, ...words);
    group.next = this.#groups.get(key);
    this.#groups.set(key, group);
    this.#size++;
    return group;
  }

  #forget(group: MulticastGroup): void {
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

/** Returns whether a group's first word is that of IPv6's link scope, ff02::/16. */
export function isLinkScope(word: number): boolean {
  return word >>> 16 === 0xff02;
}

/** Converts seconds to whole tenths, rounded down. */
function tenths(seconds: number): number {
  return Math.floor(seconds * 10);
}

function toWords(address: IpAddress): Words {
  if (typeof address === "number") return [0, 0, 0, address | 0];
  const word = (shift: bigint) => Number(BigInt.asIntN(32, address >> shift));
  return [word(96n), word(64n), word(32n), word(0n)];
}

/** Hashes the words of an address to 32 bits by multiplying and shifting, as MurmurHash does. */
function hash(seed: number, w0: number, w1: number, w2: number, w3: number): number {
  return mix(mix(mix(mix(seed, w0), w1), w2), w3);
}

function mix(state: number, word: number): number {
  const product = Math.imul(state ^ word, 0x9e37_79b1);
  return product ^ (product >>> 15);
}
