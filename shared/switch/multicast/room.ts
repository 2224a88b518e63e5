import { Budget, BudgetShares } from "../budget.ts";
import type { Port } from "../port.ts";
import { AgedPorts } from "./aged-ports.ts";
import { type MulticastGroup, NOBODY } from "./group-table.ts";
import { MAX_GROUPS_PER_PORT, MAX_MEMBERSHIPS } from "./timers.ts";

/** Number of receivers that take as much memory as a membership; and the memory of an empty set, in receivers. */
const RECEIVERS_PER_UNIT = 8;
const SET_RECEIVERS = 8;

/** Called with a port that has no room for its memberships. */
export type Full = (port: Port, now: number) => void;

/**
 * Bounds the memory of a segment's snooping by shares of its ports, and remembers the ports without room. All domains of
 * the segment use the same one.
 */
export class MulticastRoom {
  /** Each port's share of memberships, held groups, VLANs and router ports, in all VLANs together. */
  readonly shares: BudgetShares<object>;
  readonly full: Full;
  /**
   * Ports without room even for the entry that they get all traffic: they get it in every VLAN. One entry per port at
   * most, so no machine can add more.
   */
  readonly crowded = new AgedPorts();
  /** Groups with cached receivers, and the units that these take; the oldest first. */
  readonly #kept = new Map<MulticastGroup, number>();
  #units = 0;

  /** @param budget the segment's, in memberships */
  constructor(budget: Budget = new Budget(MAX_MEMBERSHIPS), full: Full = () => {}) {
    this.shares = new BudgetShares(MAX_GROUPS_PER_PORT, [budget]);
    this.full = full;
  }

  /** Gives a port all traffic in every VLAN until then. */
  crowd(port: Port, until: number): void {
    this.crowded.keep(port, until);
  }

  /**
   * Returns the receivers of a group's traffic, and caches them in the group if there is room. Without a bound, sets for
   * many groups with many ports in each would take unlimited memory.
   */
  receivers(group: MulticastGroup, everywhere: ReadonlySet<Port>, revision: number): ReadonlySet<Port> {
    const receivers = new Set([...group.ports, ...everywhere]);
    const units = Math.ceil((receivers.size + SET_RECEIVERS) / RECEIVERS_PER_UNIT);
    this.drop(group);
    for (const oldest of this.#kept.keys()) {
      if (this.#units + units <= MAX_GROUPS_PER_PORT) break;
      this.drop(oldest);
    }
    if (!this.shares.take(this.#kept, units)) return receivers;
    this.#kept.set(group, units);
    this.#units += units;
    group.receivers = receivers;
    group.revision = revision;
    return receivers;
  }

  tick(now: number): void {
    this.crowded.tick(now);
  }

  detach(port: Port): void {
    this.crowded.detach(port);
  }

  /** Drops the cached receivers of a group. */
  drop(group: MulticastGroup): void {
    const units = this.#kept.get(group);
    if (units === undefined) return;
    this.#kept.delete(group);
    this.#units -= units;
    this.shares.give(this.#kept, units);
    group.revision = -1;
    group.receivers = NOBODY;
  }
}
