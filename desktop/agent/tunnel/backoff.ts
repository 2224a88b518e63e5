/** Bounds of the first and the last delay, in milliseconds (docs/protocol.md, "Closing"). */
const FIRST_MS = 500;
const LAST_MS = 30_000;
/** Small, so that a relay that was away for seconds is found again within seconds. */
const GROWTH = 1.2;
/** Duration of a connection that resets the delay, in milliseconds. */
const HEALTHY_MS = 60_000;
/** The same for a connection that joined a network. It keeps connections at least a second apart. */
const WORKED_MS = 1_000;

/**
 * Delays between attempts: exponential, with full jitter, so that many clients do not return at once. Failed attempts
 * count until one succeeds; short connections count until one works.
 */
export class Backoff {
  readonly #random: () => number;
  #failedAttempts = 0;
  #shortConnections = 0;

  /** @param random uniform in [0, 1) */
  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  /** Returns the next delay, in milliseconds, after a failed attempt or an ended connection. */
  next(): number {
    const bound = Math.min(FIRST_MS * GROWTH ** (this.#failedAttempts + this.#shortConnections), LAST_MS);
    this.#failedAttempts++;
    return this.#random() * bound;
  }

  /**
   * Reports the end of a connection.
   *
   * @param milliseconds its duration
   * @param hasWorked whether it joined a network, and ended without a reason from the relay or this side
   * @returns whether the relay seems well, so that the next attempt may be immediate
   */
  lasted(milliseconds: number, hasWorked = false): boolean {
    const isWell = hasWorked && milliseconds >= WORKED_MS;
    this.#failedAttempts = 0;
    this.#shortConnections = isWell || milliseconds >= HEALTHY_MS ? 0 : this.#shortConnections + 1;
    return isWell;
  }
}
