/** The first delay's bound and the last's, in milliseconds (docs/protocol.md, "Closing"). */
const FIRST_MS = 500;
const LAST_MS = 30_000;
/** Gentle, so that a relay that was away for seconds is found again within seconds. */
const GROWTH = 1.2;
/** How long a connection has to last for the next delay to be the first again, in milliseconds. */
const HEALTHY_MS = 60_000;

/**
 * Delays between attempts: exponential, with full jitter, so that many clients do not come back as one. Attempts that
 * fail count until one succeeds; connections that end too soon count until one lasts.
 */
export class Backoff {
  readonly #random: () => number;
  #failedAttempts = 0;
  #shortConnections = 0;

  /** @param random evenly from [0, 1) */
  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  /** The next delay, in milliseconds, after an attempt that failed or a connection that ended. */
  next(): number {
    const bound = Math.min(FIRST_MS * GROWTH ** (this.#failedAttempts + this.#shortConnections), LAST_MS);
    this.#failedAttempts++;
    return this.#random() * bound;
  }

  /** Tells how long a connection lasted, in milliseconds. */
  lasted(milliseconds: number): void {
    this.#failedAttempts = 0;
    this.#shortConnections = milliseconds >= HEALTHY_MS ? 0 : this.#shortConnections + 1;
  }
}
