import { Budget, Shares } from "../budget.ts";
import type { Port } from "../port.ts";
import { AgedPorts } from "./aged-ports.ts";
import { type Group, NOBODY } from "./group-table.ts";
import { MAX_GROUPS_PER_PORT, MAX_MEMBERSHIPS } from "./timers.ts";

/** Receivers that take as much memory as a membership, and what a set takes without any. */
const RECEIVERS_PER_UNIT = 8;
const SET_RECEIVERS = 8;

/** Told of a port for whose memberships there is no room. */
export type Full = (port: Port, now: number) => void;

/**
 * What bounds all that a segment's snooping knows: the shares of the ports, and what is done where they have no room. All
 * domains of the segment have one.
 */
export class MulticastRoom {
  /** Of memberships, held groups, VLANs and router ports: what each port may have of them, in all VLANs together. */
  readonly shares: Shares<object>;
  readonly full: Full;
  /**
   * Ports for which there was no room even for the note that they get everything: they get it in every VLAN. It is one
   * entry for each port at most, which nobody can make more of.
   */
  readonly crowded = new AgedPorts();
  /** Groups whose receivers are kept, with the units that they take; the one kept longest first. */
  readonly #kept = new Map<Group, number>();
  #units = 0;

  /** @param budget of the segment, in memberships */
  constructor(budget: Budget = new Budget(MAX_MEMBERSHIPS), full: Full = () => {}) {
    this.shares = new Shares(MAX_GROUPS_PER_PORT, [budget]);
    this.full = full;
  }

  /** Gives a port everything until then, in every VLAN. */
  crowd(port: Port, until: number): void {
    this.crowded.keep(port, until);
  }

  /**
   * Returns the ports that a group's traffic goes to, and has the group keep them where there is room: a set for each of
   * many groups, with many ports that get everything in each, would be memory without a bound.
   */
  receivers(group: Group, everywhere: ReadonlySet<Port>, revision: number): ReadonlySet<Port> {
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

  /** Has a group keep its receivers no more. */
  drop(group: Group): void {
    const units = this.#kept.get(group);
    if (units === undefined) return;
    this.#kept.delete(group);
    this.#units -= units;
    this.shares.give(this.#kept, units);
    group.revision = -1;
    group.receivers = NOBODY;
  }
}
