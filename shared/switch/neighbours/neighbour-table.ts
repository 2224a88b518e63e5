import type { IpAddress } from "../../frame/address.ts";
import type { Port } from "../port.ts";
import {
  CHECK_AFTER_SECONDS,
  DISPUTE_SECONDS,
  LEARNED_PER_PORT,
  LEARNED_PER_SEGMENT,
  MAX_FORMER,
  NEIGHBOUR_AGEING_SECONDS,
  REGISTERED_PER_PORT,
  SETTLE_SECONDS,
} from "./limits.ts";

/** How an entry came about: from the machine's own frames, or said by its VTEP. */
export type NeighbourKind = "learned" | "registered";

/** Who has an address; times are in the caller's seconds. */
export interface Neighbour {
  readonly address: IpAddress;
  readonly mac: number;
  readonly port: Port;
  readonly kind: NeighbourKind;
  /** When the machine itself said so last, or its VTEP registered it. */
  readonly seenAt: number;
}

/** What is said of an address by its owner's own frames. */
export interface Claim {
  readonly address: IpAddress;
  readonly mac: number;
  readonly port: Port;
  /** The R flag of an advertisement; undefined where the frame doesn't tell. */
  readonly router?: boolean | undefined;
  /** The O flag of an advertisement: without it (proxies, anycast) a claim does not replace another's. */
  readonly override?: boolean | undefined;
}

/** An entry as this folder sees it. */
export interface Entry extends Neighbour {
  mac: number;
  port: Port;
  kind: NeighbourKind;
  seenAt: number;
  /** IPv6: whether it is a router; undefined until it has said so itself. */
  router: boolean | undefined;
  /** IPv6: whether its advertisements override. */
  override: boolean;
  /** Until then nobody is answered: its owner has just changed, or is in dispute. */
  quietUntil: number;
  /** Owners before this one, newest last. */
  former: readonly FormerOwner[];
  /** When it is to be asked whether it is still there, and how often it was without an answer. */
  checkAt: number;
  checks: number;
  /** When people were told of a dispute last. */
  noticedAt: number;
}

export interface FormerOwner {
  readonly mac: number;
  readonly port: Port;
  /** Until when it had the address. */
  readonly until: number;
}

/**
 * What became of a claim:
 * - `new`, `confirmed`, `moved` (the same machine behind another port);
 * - `taken-over`: another MAC has the address now, nothing wrong so far;
 * - `disputed`: the one before has claimed it again, soon;
 * - `refused`: the address is registered for another MAC, which keeps it;
 * - `yielded`: nothing; it does not override, or a registered machine's MAC is seen elsewhere, the FDB's affair;
 * - `over-limit`: no room for what is behind this port; the address is unknown now.
 */
export type Claimed =
  | "new"
  | "confirmed"
  | "moved"
  | "taken-over"
  | "disputed"
  | "refused"
  | "yielded"
  | "over-limit";

/** Who has which IP address in one segment. Bounded per port and in total. */
export class NeighbourTable {
  readonly #entries = new Map<IpAddress, Entry>();
  readonly #learned = new PortCounts();
  readonly #registered = new PortCounts();

  get size(): number {
    return this.#entries.size;
  }

  get(address: IpAddress): Entry | undefined {
    return this.#entries.get(address);
  }

  entries(): IterableIterator<Entry> {
    return this.#entries.values();
  }

  /** Notes what a machine says of itself. The newest claim wins, but against a registered one. */
  claim(claim: Claim, now: number): Claimed {
    const entry = this.#entries.get(claim.address);
    if (entry === undefined) return this.#add(claim, "learned", now) === undefined ? "over-limit" : "new";
    if (entry.mac !== claim.mac) return this.#contest(entry, claim, now);
    if (entry.port !== claim.port) {
      if (entry.kind === "registered") return "yielded";
      if (!this.relocate(entry, claim.port)) return "over-limit";
      confirm(entry, claim, now);
      return "moved";
    }
    confirm(entry, claim, now);
    return "confirmed";
  }

  /**
   * Enters what a port's VTEP says: it wins over what was learnt, and stays while the port does.
   *
   * @returns whether it was taken: not if another machine has registered the address, or for one more than
   *   {@link REGISTERED_PER_PORT}
   */
  register(address: IpAddress, mac: number, port: Port, now: number): boolean {
    const entry = this.#entries.get(address);
    if (entry?.kind === "registered") {
      // The session that a machine comes back with may be there before its old one is gone.
      if (entry.mac !== mac) return false;
      if (entry.port === port) return true;
    }
    if (this.#registered.of(port) >= REGISTERED_PER_PORT) return false;
    if (entry !== undefined) this.remove(entry);
    const added = this.#add({ address, mac, port }, "registered", now);
    if (added !== undefined && entry?.mac === mac) {
      added.router = entry.router;
      added.override = entry.override;
    }
    return added !== undefined;
  }

  /** Moves an entry to another port; without room there it is removed, and false returned. */
  relocate(entry: Entry, port: Port): boolean {
    if (this.#learned.of(port) >= LEARNED_PER_PORT) {
      this.remove(entry);
      return false;
    }
    this.#learned.add(entry.port, -1);
    this.#learned.add(port, 1);
    entry.port = port;
    return true;
  }

  remove(entry: Entry): void {
    if (!this.#entries.delete(entry.address)) return;
    this.#countsOf(entry.kind).add(entry.port, -1);
  }

  /** Forgets what has not been heard of for {@link NEIGHBOUR_AGEING_SECONDS}. */
  age(now: number): void {
    for (const entry of this.#entries.values()) {
      if (!isLive(entry, now)) this.remove(entry);
    }
  }

  /** Forgets everything behind a port that is gone. */
  detach(port: Port): void {
    for (const entry of this.#entries.values()) {
      if (entry.port === port) this.remove(entry);
      else if (entry.former.length > 0) entry.former = entry.former.filter((owner) => owner.port !== port);
    }
  }

  #add(claim: Claim, kind: NeighbourKind, now: number): Entry | undefined {
    const { address, mac, port, router, override = true } = claim;
    if (kind === "learned") {
      if (this.#learned.of(port) >= LEARNED_PER_PORT || this.#learned.total >= LEARNED_PER_SEGMENT) return;
    }
    const entry: Entry = {
      ...{ address, mac, port, kind, router, override },
      ...{ seenAt: now, quietUntil: now, former: [], checks: 0, noticedAt: Number.NEGATIVE_INFINITY },
      checkAt: awaitsRouterFlag(address, router) ? now : now + CHECK_AFTER_SECONDS,
    };
    this.#entries.set(address, entry);
    this.#countsOf(kind).add(port, 1);
    return entry;
  }

  #contest(entry: Entry, claim: Claim, now: number): Claimed {
    if (claim.override === false) return "yielded";
    if (entry.kind === "registered") return "refused";
    const recent = entry.former.filter((owner) => now - owner.until < DISPUTE_SECONDS);
    const before = recent.some((owner) => owner.mac === claim.mac);
    const others = recent.filter((owner) => owner.mac !== claim.mac).slice(1 - MAX_FORMER);
    const former = { mac: entry.mac, port: entry.port, until: now };
    if (entry.port !== claim.port && !this.relocate(entry, claim.port)) return "over-limit";
    entry.mac = claim.mac;
    entry.former = [...others, former];
    // What the other machine said of itself is no longer known.
    entry.router = undefined;
    entry.override = true;
    entry.checks = 0;
    entry.quietUntil = Math.max(entry.quietUntil, now + (before ? DISPUTE_SECONDS : SETTLE_SECONDS));
    confirm(entry, claim, now);
    return before ? "disputed" : "taken-over";
  }

  #countsOf(kind: NeighbourKind): PortCounts {
    return kind === "learned" ? this.#learned : this.#registered;
  }
}

/** Whether an entry is to be believed at `now`: a tick may be late. */
export function isLive(entry: Entry, now: number): boolean {
  return entry.kind === "registered" || now - entry.seenAt < NEIGHBOUR_AGEING_SECONDS;
}

/**
 * Whether an IPv6 machine has yet to say whether it is a router. An answer that gets this wrong would make
 * the asker forget its default router (RFC 4861 section 7.2.5).
 */
export function awaitsRouterFlag(address: IpAddress, router: boolean | undefined): boolean {
  return typeof address === "bigint" && router === undefined;
}

function confirm(entry: Entry, claim: Claim, now: number): void {
  entry.seenAt = now;
  if (claim.router !== undefined) entry.router = claim.router;
  if (claim.override !== undefined) entry.override = claim.override;
  // Still to be asked, at the pace of checks and not at that of its own frames.
  if (awaitsRouterFlag(entry.address, entry.router)) {
    if (entry.checks === 0) entry.checkAt = now;
    return;
  }
  entry.checks = 0;
  entry.checkAt = now + CHECK_AFTER_SECONDS;
}

/** How many entries each port has. */
class PortCounts {
  readonly #counts = new Map<Port, number>();
  total = 0;

  of(port: Port): number {
    return this.#counts.get(port) ?? 0;
  }

  add(port: Port, change: 1 | -1): void {
    this.total += change;
    const count = this.of(port) + change;
    if (count === 0) this.#counts.delete(port);
    else this.#counts.set(port, count);
  }
}
