import type { IpAddress } from "../../frame/address.ts";
import type { Port } from "../port.ts";
import { CHECK_AFTER_SECONDS, NEIGHBOUR_AGEING_SECONDS, NOTICE_REPEAT_SECONDS } from "./limits.ts";

/** How an entry came about: from the machine's own frames, or registered by its VTEP. */
export type NeighbourKind = "learned" | "registered";

/** The machine that has an IP address; times are in the caller's seconds. */
export interface Neighbour {
  readonly address: IpAddress;
  readonly mac: number;
  readonly port: Port;
  readonly kind: NeighbourKind;
  /** When the machine last claimed the address itself, or its VTEP registered it. */
  readonly seenAt: number;
}

/** What a machine's own frame says of its address. */
export interface NeighbourClaim {
  readonly address: IpAddress;
  readonly mac: number;
  readonly port: Port;
  /** The R flag of an advertisement; undefined if the frame does not say. */
  readonly router?: boolean | undefined;
  /** The O flag of an advertisement: without it (proxies, anycast) a claim does not replace another machine's. */
  readonly override?: boolean | undefined;
}

/** A machine that had an address before. */
export interface FormerOwner {
  readonly mac: number;
  readonly port: Port;
  /** Until when it had the address. */
  readonly until: number;
  readonly kind: NeighbourKind;
}

/** Another machine that wants an address, while the owner is asked whether it is there. */
export interface AddressContest {
  readonly mac: number;
  readonly port: Port;
  /** The kind of the entry if the owner does not answer. */
  kind: NeighbourKind;
  readonly at: number;
  ticks: number;
}

/** The past of an address that more than one machine has claimed: some 700 bytes. */
export class Dispute {
  /** The port whose share it takes. */
  readonly cause: Port;
  /** Until when the hub answers no question about it, because its owner has just changed or is in dispute. */
  quietUntil = 0;
  /** Owners before this one, newest last. */
  former: readonly FormerOwner[] = [];
  /** When the last notice about it was given. */
  noticedAt = Number.NEGATIVE_INFINITY;
  contest: AddressContest | undefined;
  /** Until when no contest may begin, because the last one was decided. */
  restUntil = 0;

  constructor(cause: Port) {
    this.cause = cause;
  }

  /** Returns whether a machine had the address after `since`, or ever. */
  has(mac: number, since = Number.NEGATIVE_INFINITY): boolean {
    return this.former.some((owner) => owner.mac === mac && owner.until > since);
  }

  /** Returns whether another machine than this had the address after `since`. */
  hasOther(mac: number, since: number): boolean {
    return this.former.some((owner) => owner.mac !== mac && owner.until > since);
  }

  /** Forgets a port that has left. */
  forget(port: Port): void {
    this.former = this.former.filter((owner) => owner.port !== port);
    if (this.contest?.port === port) this.contest = undefined;
  }

  isOver(now: number): boolean {
    const last = this.former.at(-1)?.until ?? Number.NEGATIVE_INFINITY;
    const isRecent = now - Math.max(this.noticedAt, last) < NOTICE_REPEAT_SECONDS;
    return this.contest === undefined && !isRecent && now >= Math.max(this.quietUntil, this.restUntil);
  }
}

/** An entry of the neighbour table, as only this folder may change it: some 220 bytes with its place there. */
export class NeighbourEntry implements Neighbour {
  readonly address: IpAddress;
  mac: number;
  port: Port;
  kind: NeighbourKind;
  seenAt: number;
  /** IPv6: whether the machine is a router; undefined until it says so itself. */
  router: boolean | undefined;
  /** IPv6: whether its advertisements override. */
  override: boolean;
  /** When the next check is due, and the number of checks without an answer. */
  checkAt: number;
  checks = 0;
  /** Most have none. */
  dispute: Dispute | undefined;

  constructor(
    { address, mac, port, router, override = true }: NeighbourClaim,
    kind: NeighbourKind,
    now: number,
  ) {
    this.address = address;
    this.mac = mac;
    this.port = port;
    this.kind = kind;
    this.seenAt = now;
    this.router = router;
    this.override = override;
    this.checkAt = awaitsRouterFlag(address, router) ? now : now + CHECK_AFTER_SECONDS;
  }

  /** Returns whether the hub answers no question about it now. */
  isQuiet(now: number): boolean {
    return this.dispute !== undefined && now < this.dispute.quietUntil;
  }
}

/** Returns whether an entry is still valid at `now`, because a tick that removes it may be late. */
export function isLive(entry: NeighbourEntry, now: number): boolean {
  return entry.kind === "registered" || now - entry.seenAt < NEIGHBOUR_AGEING_SECONDS;
}

/**
 * Returns whether an IPv6 machine has not said yet whether it is a router. A wrong answer would make the asker forget its
 * default router (RFC 4861 section 7.2.5).
 */
export function awaitsRouterFlag(address: IpAddress, router: boolean | undefined): boolean {
  return typeof address === "bigint" && router === undefined;
}

/** Notes a claim of an entry's owner. */
export function confirm(entry: NeighbourEntry, claim: NeighbourClaim, now: number): void {
  entry.seenAt = now;
  if (claim.router !== undefined) entry.router = claim.router;
  if (claim.override !== undefined) entry.override = claim.override;
  // The router flag is still missing: ask at the pace of checks, and not for each of its frames.
  if (awaitsRouterFlag(entry.address, entry.router)) {
    if (entry.checks === 0) entry.checkAt = now;
    return;
  }
  entry.checks = 0;
  entry.checkAt = now + CHECK_AFTER_SECONDS;
}
