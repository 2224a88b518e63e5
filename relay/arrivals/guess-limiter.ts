import { sourcesOf } from "./source.ts";

/** Wrong guesses that an address may make at once: whole sites share an address, and people mistype. */
const BURST = 100;
/** Wrong guesses that it regains per second. */
const PER_SECOND = 5;
/** Maximum number of remembered sources: a few MiB. The least recent guessers are forgotten first. */
const SOURCES = 50_000;

interface Bucket {
  left: number;
  at: number;
}

/**
 * Counts wrong guesses at secrets by source (see source.ts). It rejects only wrong guesses: trial does not find a
 * secret of 256 bits, and a correct secret is accepted whatever other clients behind the same address do.
 */
export class GuessLimiter {
  readonly #clock: () => number;
  readonly #buckets = new Map<string, Bucket>();

  /**
   * Creates a limiter.
   *
   * @param clock monotonic seconds
   */
  constructor(clock: () => number) {
    this.#clock = clock;
  }

  /**
   * Counts a wrong guess.
   *
   * @returns seconds to wait if it exceeds the limit; undefined otherwise
   */
  wrong(address: string): number | undefined {
    const now = this.#clock();
    const buckets = sourcesOf(address).map(({ key, times }) => ({
      bucket: this.#bucket(key, times, now),
      times,
    }));
    const waits = buckets.map(({ bucket, times }) =>
      bucket.left < 1 ? Math.ceil((1 - bucket.left) / (PER_SECOND * times)) : 0,
    );
    const wait = Math.max(...waits);
    if (wait > 0) return wait;
    for (const { bucket } of buckets) bucket.left--;
    return undefined;
  }

  /** Returns the source's bucket, refilled up to now. */
  #bucket(key: string, times: number, now: number): Bucket {
    const bucket = this.#buckets.get(key) ?? { left: BURST * times, at: now };
    this.#buckets.delete(key);
    this.#buckets.set(key, bucket);
    if (this.#buckets.size > SOURCES) {
      const [oldest] = this.#buckets.keys();
      if (oldest !== undefined) this.#buckets.delete(oldest);
    }
    bucket.left = Math.min(BURST * times, bucket.left + (now - bucket.at) * PER_SECOND * times);
    bucket.at = now;
    return bucket;
  }
}
