/**
 * Memory shared by the queues of slow receivers.
 *
 * No queue has a reserved part. Each may hold a fraction of the memory that is free at the moment (dynamic thresholds,
 * Choudhury and Hahne, IEEE/ACM Transactions on Networking 6(2), 1998). While there is plenty, each queue gets its full
 * limit. As the total grows, every queue's bound falls, so the largest exceed it first and drop first. No list has to
 * be searched for them.
 */

/** Divisor of the free memory that gives the maximum of one queue. */
const PART = 8;

export class QueueBudget {
  readonly #limit: () => number;
  readonly #within: QueueBudget | undefined;
  #used = 0;
  #own: number;
  #refusals = 0;

  /**
   * Creates a budget.
   *
   * @param limit returns the maximum bytes that may wait in all, which may vary
   * @param within a wider budget that includes this one
   */
  constructor(limit: () => number, within?: QueueBudget) {
    this.#limit = limit;
    this.#within = within;
    this.#own = limit() / PART;
  }

  /** Bytes that wait now. */
  get used(): number {
    return this.#used;
  }

  /** Bytes that one queue may hold now; 0 if nothing is left. */
  get share(): number {
    const within = this.#within;
    return within !== undefined && within.#own < this.#own ? within.#own : this.#own;
  }

  /** Counts a record refused only because of the budget, although its queue had room. */
  refused(): void {
    this.#refusals++;
  }

  /** Returns the number of records refused since the last call. */
  takeRefusals(): number {
    const refusals = this.#refusals;
    this.#refusals = 0;
    return refusals;
  }

  /** Adds bytes that wait from now on, or removes them if negative. */
  add(bytes: number): void {
    this.#used += bytes;
    this.#own = Math.max(0, (this.#limit() - this.#used) / PART);
    this.#within?.add(bytes);
  }
}
