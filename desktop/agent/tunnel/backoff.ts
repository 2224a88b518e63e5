/** The first delay's bound and the last's, in milliseconds (docs/protocol.md, "Closing"). */
const FIRST_MS = 500;
const LAST_MS = 30_000;
/** Gentle, so that a relay that was away for seconds is found again within seconds. */
const GROWTH = 1.2;
/** How long a connection has to last for the next delay to be the first again, in milliseconds. */
const HEALTHY_MS = 60_000;
/** The same for a connection that let us onto a network. With it, none of them begins within a second of another. */
const WORKED_MS = 1_000;

/**
 * Delays between attempts: exponential, with full jitter, so that many clients do not come back as one. Attempts that
 * fail count until one succeeds; connections that end too soon count until one works.
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

  /**
   * Tells that a connection ended.
   *
   * @param milliseconds how long it lasted
   * @param hasWorked whether it let us onto a network, and ended without the relay or this side having said why
   * @returns whether the relay is well, as far as that tells, so that the next attempt may be at once
   */
  lasted(milliseconds: number, hasWorked = false): boolean {
    const isWell = hasWorked && milliseconds >= WORKED_MS;
    this.#failedAttempts = 0;
    this.#shortConnections = isWell || milliseconds >= HEALTHY_MS ? 0 : this.#shortConnections + 1;
    return isWell;
  }
}
