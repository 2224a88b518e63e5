import { parseAddress } from "../shared/frame/address.ts";

/** Wrong guesses that an address has at once: whole sites share one, and people mistype. */
const BURST = 100;
/** And how many of them it has back in a second. */
const PER_SECOND = 5;
/** Addresses that are remembered: a few MiB. Those that guessed longest ago go first. */
const ADDRESSES = 50_000;

interface Bucket {
  left: number;
  at: number;
}

/**
 * Counts wrong guesses at secrets by the address that they come from. Only wrong ones are turned away: a secret of 256
 * bits is not found by trying, and nobody is shut out because somebody else behind the same address is at fault.
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
    const source = sourceOf(address);
    const now = this.#clock();
    const bucket = this.#buckets.get(source) ?? { left: BURST, at: now };
    this.#buckets.delete(source);
    this.#buckets.set(source, bucket);
    if (this.#buckets.size > ADDRESSES) {
      const [oldest] = this.#buckets.keys();
      if (oldest !== undefined) this.#buckets.delete(oldest);
    }
    bucket.left = Math.min(BURST, bucket.left + (now - bucket.at) * PER_SECOND);
    bucket.at = now;
    if (bucket.left < 1) return Math.ceil((1 - bucket.left) / PER_SECOND);
    bucket.left--;
    return undefined;
  }
}

/** Whom an address stands for: one has a whole /64 of IPv6 (RFC 6177 section 2). */
function sourceOf(text: string): string {
  const address = parseAddress(text);
  return typeof address === "bigint" ? `${address >> 64n}/64` : text;
}
