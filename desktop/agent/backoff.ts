/** The first delay's bound and the last's, in milliseconds (docs/protocol.md, "Closing"). */
const FIRST_MS = 500;
const LAST_MS = 30_000;
/** Gentle, so that a relay that was away for seconds is found again within seconds. */
const GROWTH = 1.5;
/** How long a connection has to last for the next delay to be the first again, in milliseconds. */
const HEALTHY_MS = 60_000;

/** Delays between attempts: exponential, with full jitter, so that many clients do not come back as one. */
export class Backoff {
  readonly #random: () => number;
  #bound = FIRST_MS;

  /** @param random evenly from [0, 1) */
  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  /** The next delay, in milliseconds. */
  next(): number {
    const delay = this.#random() * this.#bound;
    this.#bound = Math.min(this.#bound * GROWTH, LAST_MS);
    return delay;
  }

  /** Tells how long a connection lasted, in milliseconds. */
  lasted(milliseconds: number): void {
    if (milliseconds >= HEALTHY_MS) this.#bound = FIRST_MS;
  }
}
