/**
 * A bound on state that frames or messages from outside can grow, within wider bounds: a member's within its network's,
 * that within its tenant's, that within the relay's. A unit comes from all of them or from none, so a member that asks
 * for everything takes only its own share.
 */
export class Budget {
  readonly #own: () => number;
  readonly #reserve: number;
  #within: readonly Budget[];
  #used = 0;
  #refusals = 0;
  #allRefusals = 0;

  /**
   * @param own its own limit in units; a function is called each time, because a limit may change
   * @param within the wider budgets, each of which is a bound too
   * @param reserve number of its first units that do not count to the wider ones, so that others cannot take them
   */
  constructor(own: number | (() => number), within: readonly Budget[] = [], reserve = 0) {
    this.#own = typeof own === "number" ? () => own : own;
    this.#within = within;
    this.#reserve = reserve;
  }

  /** Units taken and not given back. */
  get used(): number {
    return this.#used;
  }

  /** Its own limit, in units. */
  get own(): number {
    return this.#own();
  }

  /** Units that may be used here in all at present: the used units, and the least room in it and the wider budgets. */
  get limit(): number {
    return this.#used + this.room;
  }

  /** Units that {@link take} would get at present: the least room in it and the wider budgets. */
  get room(): number {
    let room = this.#own() - this.#used;
    const reserved = Math.max(0, this.#reserve - this.#used);
    for (const budget of this.#within) room = Math.min(room, reserved + Math.max(0, budget.room));
    return room;
  }

  /** Whether its own limit is reached. The wider ones do not count. */
  get isFull(): boolean {
    return this.#used >= this.#own();
  }

  /**
   * Takes units here and in all wider budgets, or nowhere. Counts refusals ({@link takeRefusals}).
   *
   * @returns whether there was room
   */
  take(units = 1): boolean {
    if (this.room < units) {
      this.#refuse(units);
      return false;
    }
    this.#add(units);
    return true;
  }

  /** Gives back what {@link take} took. */
  give(units = 1): void {
    this.#add(-units);
  }

  /**
   * Moves units here from another budget, so that a wider one that holds both needs no room for them twice.
   *
   * @returns whether there was room; if not, nothing changed
   */
  takeFrom(other: Budget, units = 1): boolean {
    other.#add(-units);
    if (this.take(units)) return true;
    other.#add(units);
    return false;
  }

  /** Moves units back to the budget that they came from, even beyond its limit. */
  returnTo(other: Budget, units = 1): void {
    this.#add(-units);
    other.#add(units);
  }

  /** Gives all units back to the wider budgets and leaves them, because what it bounded is gone. */
  close(): void {
    for (const budget of this.#within) budget.#add(-this.#counted);
    this.#within = [];
  }

  /** Returns the units refused since the last call: because of its own limit, and in all. */
  takeRefusals(): { readonly own: number; readonly all: number } {
    const refusals = { own: this.#refusals, all: this.#allRefusals };
    this.#refusals = 0;
    this.#allRefusals = 0;
    return refusals;
  }

  /** Units that count to the wider budgets. */
  get #counted(): number {
    return Math.max(0, this.#used - this.#reserve);
  }

  #add(units: number): void {
    const before = this.#counted;
    this.#used += units;
    const more = this.#counted - before;
    if (more !== 0) for (const budget of this.#within) budget.#add(more);
  }

  #refuse(units: number): void {
    this.#allRefusals += units;
    if (this.#own() - this.#used < units) this.#refusals += units;
    for (const budget of this.#within) budget.#refuse(units);
  }
}

/** A budget without a limit or wider ones: for tables that only tests and the client's side use. */
export function unlimited(): Budget {
  return new Budget(Number.POSITIVE_INFINITY);
}

/** The shares of the holders of one kind of state, each with the same limit. Created when first used, removed when empty. */
export class BudgetShares<Holder extends object> {
  readonly #each: number;
  readonly #within: readonly Budget[];
  readonly #shares = new Map<Holder, Budget>();

  /** @param each the limit of each holder, in units */
  constructor(each: number, within: readonly Budget[]) {
    this.#each = each;
    this.#within = within;
  }

  /** Takes units for a holder. @returns whether there was room */
  take(holder: Holder, units = 1): boolean {
    const known = this.#shares.get(holder);
    const share = known ?? new Budget(this.#each, this.#within);
    if (!share.take(units)) return false;
    if (known === undefined) this.#shares.set(holder, share);
    return true;
  }

  /** Gives back what {@link take} took. */
  give(holder: Holder, units = 1): void {
    const share = this.#shares.get(holder);
    if (share === undefined) return;
    share.give(units);
    if (share.used === 0) this.#shares.delete(holder);
  }

  /** Moves units from one holder to another. @returns whether there was room; if not, nothing changed */
  move(from: Holder, to: Holder, units = 1): boolean {
    const source = this.#shares.get(from);
    if (from === to || source === undefined) return true;
    const known = this.#shares.get(to);
    const share = known ?? new Budget(this.#each, this.#within);
    if (!share.takeFrom(source, units)) return false;
    if (known === undefined) this.#shares.set(to, share);
    if (source.used === 0) this.#shares.delete(from);
    return true;
  }

  /** Returns the units that a holder has taken. */
  of(holder: Holder): number {
    return this.#shares.get(holder)?.used ?? 0;
  }
}
