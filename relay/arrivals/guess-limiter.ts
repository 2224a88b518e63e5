import { sourcesOf } from "./source.ts";

/** Wrong guesses that an address has at once: whole sites share one, and people mistype. */
const BURST = 100;
/** And how many of them it has back in a second. */
const PER_SECOND = 5;
/** Sources that are remembered: a few MiB. Those that guessed longest ago go first. */
const SOURCES = 50_000;

interface Bucket {
  left: number;
  at: number;
}

/**
 * Counts wrong guesses at secrets by the source that they come from (see source.ts). It turns only wrong guesses away: a
 * secret of 256 bits is not found by trying, and a right one is let in whatever others behind the same address do.
 */
export class GuessLimiter {
  readonly #clock: () => number;
  readonly #buckets = new Map<string, Bucket>();

  /** @param clock seconds, never going back */
  constructor(clock: () => number) {
    this.#clock = clock;
  }

  /**
   * Counts a wrong guess.
   *
   * @returns how long to wait, in seconds, where it was one too many; undefined otherwise
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

  /** Returns the source's bucket as it is now. */
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
