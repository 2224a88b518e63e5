/**
 * Memory that may wait for slow receivers, shared by many queues.
 *
 * No queue is promised a part. Each may hold as much as a fraction of what is free at the moment (dynamic thresholds,
 * Choudhury and Hahne, IEEE/ACM Transactions on Networking 6(2), 1998): while there is plenty, a queue has all that it is
 * ever given; as the total grows, the bound of each falls, so the largest are over it first and give first. No list has
 * to be searched for them.
 */

/** What one queue may hold, as a part of what is free. */
const PART = 8;

export class QueueBudget {
  readonly #limit: () => number;
  readonly #within: QueueBudget | undefined;
  #used = 0;
  #own: number;
  #refusals = 0;

  /**
   * @param limit bytes that may wait in all, whatever that is at the time
   * @param within a wider budget, of which this is a part
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

  /** Bytes that one queue may hold now; 0 where nothing is left. */
  get share(): number {
    const within = this.#within;
    return within !== undefined && within.#own < this.#own ? within.#own : this.#own;
  }

  /** Told of a record that a queue would have had room for, if the budget had. */
  refused(): void {
    this.#refusals++;
  }

  /** Records that were refused since this was asked last. */
  takeRefusals(): number {
    const refusals = this.#refusals;
    this.#refusals = 0;
    return refusals;
  }

  /** Counts bytes that wait from now on, or, where negative, no longer do. */
  add(bytes: number): void {
    this.#used += bytes;
    this.#own = Math.max(0, (this.#limit() - this.#used) / PART);
    this.#within?.add(bytes);
  }
}
