import { Budget, BudgetShares } from "../budget.ts";
import type { Port } from "../port.ts";

/** A set of ports, each kept for a time. */
export class AgedPorts {
  readonly #until = new Map<Port, number>();
  readonly #shares: BudgetShares<object>;
  #ports: ReadonlySet<Port> = new Set();

  /** @param shares each port in the set takes a unit of its share */
  constructor(shares: BudgetShares<object> = new BudgetShares(1, [new Budget(Number.POSITIVE_INFINITY)])) {
    this.#shares = shares;
  }

  /** The present ports: a new set after every change, so it may be kept and compared. */
  get ports(): ReadonlySet<Port> {
    return this.#ports;
  }

  /**
   * Keeps a port until then, or until a later time of an earlier call.
   *
   * @returns false if its share has no room
   */
  keep(port: Port, until: number): boolean {
    const before = this.#until.get(port);
    if (before === undefined && !this.#shares.take(port)) return false;
    this.#until.set(port, Math.max(before ?? until, until));
    if (before === undefined) this.#ports = new Set(this.#until.keys());
    return true;
  }

  tick(now: number): void {
    for (const [port, until] of this.#until) {
      if (now >= until) this.detach(port);
    }
  }

  detach(port: Port): void {
    if (!this.#until.delete(port)) return;
    this.#shares.give(port);
    this.#ports = new Set(this.#until.keys());
  }
}
