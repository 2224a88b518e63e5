import type { IpAddress } from "../../frame/address.ts";
import { Budget, BudgetShares } from "../budget.ts";
import { isVirtualRouterMac } from "../places/virtual-router.ts";
import type { Port } from "../port.ts";
import {
  ANSWER_SECONDS,
  CONTEST_TICKS,
  DISPUTE_SECONDS,
  DISPUTE_UNITS,
  DISPUTES_PER_PORT,
  FORMER_SECONDS,
  LEARNED_PER_PORT,
  LEARNED_PER_SEGMENT,
  MAX_CONTESTS,
  MAX_FORMER,
  NEIGHBOURS_PER_SEGMENT,
  REGISTERED_PER_PORT,
  REST_SECONDS,
  SETTLE_SECONDS,
} from "./limits.ts";
import {
  confirm,
  Dispute,
  type FormerOwner,
  isLive,
  type NeighbourClaim,
  NeighbourEntry,
  type NeighbourKind,
} from "./neighbour-entry.ts";

/**
 * The result of a claim:
 * - `new`, `confirmed`, `moved` (the same machine behind another port);
 * - `defended`: the owner claimed its address while another machine contested it;
 * - `taken-over`: another MAC has the address now, without a sign of a conflict;
 * - `disputed`: the former owner claimed the address so soon that it must have been there all the time;
 * - `contested`: the address is registered for another MAC, which the caller asks;
 * - `yielded`: nothing changed. The claim does not override, the address is contested already, or a registered machine's
 *   MAC address is seen elsewhere, which is for the FDB to decide;
 * - `over-limit`: the port has no room. The address is unknown now or still another machine's.
 */
export type Claimed =
  | "new"
  | "confirmed"
  | "moved"
  | "defended"
  | "taken-over"
  | "disputed"
  | "contested"
  | "yielded"
  | "over-limit";

/**
 * The result of a registration. `contested`: another machine has the address and is being asked, so the caller retries for
 * some seconds.
 */
export type Entered = "registered" | "contested" | "over-limit";

/** The result of a contest: the owner answered and keeps the address, is to be asked again, or did not answer. */
export interface Decision {
  readonly entry: NeighbourEntry;
  readonly outcome: "kept" | "ask" | "lost";
  /** The machine that had the address, and the one that wants it. */
  readonly owner: Owner;
  readonly other: Owner;
}

export interface Owner {
  readonly mac: number;
  readonly port: Port;
}

/**
 * The owners of the IP addresses in one segment. Bounded per port, for the segment and by its tenant's budget. A registered
 * address stays with its owner: another machine gets it only if the owner does not answer when asked.
 */
export class NeighbourTable {
  readonly #entries = new Map<IpAddress, NeighbourEntry>();
  readonly #contested = new Set<NeighbourEntry>();
  readonly #learned: BudgetShares<Port>;
  readonly #registered: BudgetShares<Port>;
  readonly #disputes: BudgetShares<Port>;
  /** Number of registered addresses that changed their owner. */
  moves = 0;
  /** Number of registered addresses that became free. */
  removals = 0;

  /** @param budget the segment's, in addresses */
  constructor(budget: Budget = new Budget(NEIGHBOURS_PER_SEGMENT)) {
    this.#learned = new BudgetShares(LEARNED_PER_PORT, [new Budget(LEARNED_PER_SEGMENT, [budget])]);
    this.#registered = new BudgetShares(REGISTERED_PER_PORT, [budget]);
    this.#disputes = new BudgetShares(DISPUTES_PER_PORT * DISPUTE_UNITS, [budget]);
  }

  get size(): number {
    return this.#entries.size;
  }

  get(address: IpAddress): NeighbourEntry | undefined {
    return this.#entries.get(address);
  }

  entries(): IterableIterator<NeighbourEntry> {
    return this.#entries.values();
  }

  /** Notes a machine's claim. The newest claim wins unless the address is registered. */
  claim(claim: NeighbourClaim, now: number): Claimed {
    const entry = this.#entries.get(claim.address);
    if (entry === undefined) return this.#add(claim, "learned", now) === undefined ? "over-limit" : "new";
    if (entry.mac !== claim.mac) return this.#contest(entry, claim, now);
    if (entry.port !== claim.port) {
      if (entry.kind === "registered" && !isVirtualRouterMac(claim.mac)) return "yielded";
      if (!this.relocate(entry, claim.port)) return "over-limit";
      confirm(entry, claim, now);
      return "moved";
    }
    confirm(entry, claim, now);
    return entry.dispute?.contest === undefined ? "confirmed" : "defended";
  }

  /**
   * Registers an address for a port's VTEP, until the port leaves.
   *
   * @param isNews false if the caller repeats an earlier registration
   */
  register(address: IpAddress, mac: number, port: Port, now: number, isNews = true): Entered {
    const entry = this.#entries.get(address);
    const claim = { address, mac, port };
    if (entry === undefined) {
      return this.#add(claim, "registered", now) === undefined ? "over-limit" : "registered";
    }
    if (entry.mac !== mac) {
      const isBack = isNews && this.#giveBack(entry, claim, now);
      if (!isBack) this.#open(entry, claim, "registered", now);
      return isBack ? "registered" : "contested";
    }
    if (entry.kind === "registered" && entry.port === port) {
      if (isNews) entry.seenAt = now;
      return "registered";
    }
    if (entry.kind === "learned" && entry.dispute?.hasOther(mac, now - ANSWER_SECONDS) === true) {
      // It has just taken the address over, and the former owner may still be there.
      this.#open(entry, claim, "registered", now);
      return "contested";
    }
    // The machine's MAC address has been entered at this port, so its addresses follow it.
    return this.#hand(entry, claim, "registered") ? "registered" : "over-limit";
  }

  /** Moves an entry to another port. Removes it and returns false if there is no room. */
  relocate(entry: NeighbourEntry, port: Port): boolean {
    const isHanded = this.#hand(entry, { mac: entry.mac, port }, "learned");
    if (!isHanded) this.remove(entry);
    return isHanded;
  }

  remove(entry: NeighbourEntry): void {
    if (!this.#entries.delete(entry.address)) return;
    this.#sharesOf(entry.kind).give(entry.port);
    this.#forgetDispute(entry);
    if (entry.kind === "registered") this.removals++;
  }

  /** Removes entries that were silent for too long, and disputes that ended long ago. */
  age(now: number): void {
    for (const entry of this.#entries.values()) {
      if (!isLive(entry, now)) this.remove(entry);
      else if (entry.dispute?.isOver(now) === true) this.#forgetDispute(entry);
    }
  }

  /** Returns an entry's dispute, created from the share of `cause` if it was missing; undefined without room. */
  remember(entry: NeighbourEntry, cause: Port): Dispute | undefined {
    if (entry.dispute !== undefined) return entry.dispute;
    if (!this.#disputes.take(cause, DISPUTE_UNITS)) return undefined;
    entry.dispute = new Dispute(cause);
    return entry.dispute;
  }

  /** Stops answers about an address until then; takes the share of the port that causes it. */
  hush(entry: NeighbourEntry, cause: Port, until: number): void {
    const dispute = this.remember(entry, cause);
    if (dispute === undefined) this.remove(entry);
    else dispute.quietUntil = Math.max(dispute.quietUntil, until);
  }

  /** Ends a port's contest about an address that it has withdrawn. */
  cancel(entry: NeighbourEntry, port: Port): void {
    if (entry.dispute?.contest?.port !== port) return;
    this.#contested.delete(entry);
    entry.dispute.contest = undefined;
  }

  /** Ends the contest about an address, whose owner was heard. */
  keep(entry: NeighbourEntry, now: number): void {
    this.#contested.delete(entry);
    if (entry.dispute === undefined) return;
    entry.dispute.contest = undefined;
    entry.dispute.restUntil = now + REST_SECONDS;
  }

  /** Decides the contests that are due; to be called about once a second. */
  decide(now: number): Decision[] {
    return [...this.#contested].map((entry) => this.#decide(entry, now)).filter((one) => one !== undefined);
  }

  /** Removes all entries of a port that has left. */
  detach(port: Port): void {
    for (const entry of this.#entries.values()) {
      const { dispute } = entry;
      if (entry.port === port) this.remove(entry);
      else if (dispute?.cause === port) this.#forgetDispute(entry);
      else if (dispute !== undefined) {
        dispute.forget(port);
        if (dispute.contest === undefined) this.#contested.delete(entry);
      }
    }
  }

  #add(claim: NeighbourClaim, kind: NeighbourKind, now: number): NeighbourEntry | undefined {
    if (!this.#sharesOf(kind).take(claim.port)) return undefined;
    const entry = new NeighbourEntry(claim, kind, now);
    this.#entries.set(claim.address, entry);
    return entry;
  }

  #contest(entry: NeighbourEntry, claim: NeighbourClaim, now: number): Claimed {
    if (claim.override === false) return "yielded";
    if (entry.kind === "registered") {
      if (this.#giveBack(entry, claim, now)) return "disputed";
      return this.#open(entry, claim, "learned", now) ? "contested" : "yielded";
    }
    const dispute = this.remember(entry, claim.port);
    if (dispute === undefined) {
      // No answer is better than one of the two at random.
      this.remove(entry);
      return "over-limit";
    }
    const isBack = dispute.has(claim.mac, now - ANSWER_SECONDS);
    const before = { mac: entry.mac, port: entry.port, until: now, kind: entry.kind };
    if (entry.port !== claim.port && !this.relocate(entry, claim.port)) return "over-limit";
    this.#pass(entry, dispute, before, claim.mac, now);
    dispute.quietUntil = Math.max(dispute.quietUntil, now + (isBack ? DISPUTE_SECONDS : SETTLE_SECONDS));
    confirm(entry, claim, now);
    return isBack ? "disputed" : "taken-over";
  }

  /** Gives an entry to another machine. */
  #pass(entry: NeighbourEntry, dispute: Dispute, before: FormerOwner, mac: number, now: number): void {
    const others = dispute.former.filter(
      (owner) => now - owner.until < FORMER_SECONDS && owner.mac !== mac && owner.mac !== before.mac,
    );
    dispute.former = [...others.slice(1 - MAX_FORMER), before];
    entry.mac = mac;
    // The flags of the former owner do not hold for this one.
    entry.router = undefined;
    entry.override = true;
    entry.checks = 0;
  }

  /** Gives a registered address back to a machine that had not answered, once it is heard. */
  #giveBack(entry: NeighbourEntry, { mac, port }: NeighbourClaim, now: number): boolean {
    const { dispute } = entry;
    const wasRegistered = dispute?.former.some(
      (owner) =>
        owner.kind === "registered" &&
        owner.mac === mac &&
        owner.port === port &&
        now - owner.until < FORMER_SECONDS,
    );
    if (dispute === undefined || wasRegistered !== true) return false;
    const before = { mac: entry.mac, port: entry.port, until: now, kind: "learned" as const };
    if (!this.#hand(entry, { mac, port }, "registered")) return false;
    this.#pass(entry, dispute, before, mac, now);
    entry.seenAt = now;
    this.keep(entry, now);
    return true;
  }

  /** Begins a contest if it may. @returns whether the caller must ask the owner */
  #open(entry: NeighbourEntry, { mac, port }: NeighbourClaim, kind: NeighbourKind, now: number): boolean {
    const dispute = this.remember(entry, port);
    if (dispute === undefined || now < dispute.restUntil) return false;
    const { contest } = dispute;
    if (contest !== undefined) {
      if (contest.mac === mac && contest.port === port && kind === "registered") contest.kind = kind;
      return false;
    }
    if (this.#contested.size >= MAX_CONTESTS) return false;
    dispute.contest = { mac, port, kind, at: now, ticks: 0 };
    this.#contested.add(entry);
    return true;
  }

  #decide(entry: NeighbourEntry, now: number): Decision | undefined {
    const { dispute } = entry;
    const contest = dispute?.contest;
    if (dispute === undefined || contest === undefined) {
      this.#contested.delete(entry);
      return undefined;
    }
    const owner = { mac: entry.mac, port: entry.port };
    const decision = { entry, owner, other: { mac: contest.mac, port: contest.port } };
    contest.ticks++;
    const isTheirs = entry.mac === contest.mac;
    if (!isTheirs && entry.seenAt > contest.at) {
      this.keep(entry, now);
      return { ...decision, outcome: "kept" };
    }
    if (contest.ticks < CONTEST_TICKS) return isTheirs ? undefined : { ...decision, outcome: "ask" };
    this.#contested.delete(entry);
    dispute.contest = undefined;
    const before = { ...owner, until: now, kind: entry.kind };
    if (!this.#hand(entry, contest, contest.kind)) return undefined;
    if (!isTheirs) this.#pass(entry, dispute, before, contest.mac, now);
    entry.seenAt = now;
    return { ...decision, outcome: "lost" };
  }

  /** Puts an entry at a port with this kind. @returns false, with nothing changed, if there is no room */
  #hand(entry: NeighbourEntry, { mac, port }: Owner, kind: NeighbourKind): boolean {
    if (entry.kind === kind) {
      if (!this.#sharesOf(kind).move(entry.port, port)) return false;
    } else {
      if (!this.#sharesOf(kind).take(port)) return false;
      this.#sharesOf(entry.kind).give(entry.port);
    }
    if (entry.kind === "registered" && (entry.port !== port || entry.mac !== mac)) this.moves++;
    entry.port = port;
    entry.kind = kind;
    return true;
  }

  #forgetDispute(entry: NeighbourEntry): void {
    const { dispute } = entry;
    if (dispute === undefined) return;
    this.#disputes.give(dispute.cause, DISPUTE_UNITS);
    this.#contested.delete(entry);
    entry.dispute = undefined;
  }

  #sharesOf(kind: NeighbourKind): BudgetShares<Port> {
    return kind === "learned" ? this.#learned : this.#registered;
  }
}
