/** A rate with a burst: tokens come at a steady rate up to the burst, and each packet takes one. */
export class TokenBucket {
  readonly #rate: number;
  readonly #burst: number;
  #tokens: number;
  #at: number;

  /**
   * @param rate tokens per second
   * @param burst greatest number of tokens, and the number at the beginning; at least 1, or no packet ever passes
   * @param now seconds, with fractions: a clock that ticks once a second would let through a burst each second
   */
  constructor(rate: number, burst: number, now: number) {
    this.#rate = rate;
    this.#burst = burst;
    this.#tokens = burst;
    this.#at = now;
  }

  /**
   * Takes `cost` tokens if there is at least one. Missing tokens become a debt, so that a packet that costs more than the
   * burst passes now and then, and later packets pay for it.
   *
   * @param now seconds; a clock that goes back brings nothing
   * @returns whether there was a token
   */
  take(now: number, cost = 1): boolean {
    if (now > this.#at) {
      this.#tokens = Math.min(this.#burst, this.#tokens + (now - this.#at) * this.#rate);
      this.#at = now;
    }
    if (this.#tokens < 1) return false;
    this.#tokens -= cost;
    return true;
  }

  /** Takes tokens for a packet that passed already; missing tokens become a debt. */
  charge(cost: number): void {
    this.#tokens -= cost;
  }
}
