import { TokenBucket } from "../../../shared/switch/guards/token-bucket.ts";

/** One rate for each sender, which is forgotten with the sender. */
export class SenderBuckets {
  readonly #perSecond: number;
  readonly #burst: number;
  readonly #buckets = new WeakMap<object, TokenBucket>();

  /** @param burst tokens that a sender may take at once */
  constructor(perSecond: number, burst: number) {
    this.#perSecond = perSecond;
    this.#burst = burst;
  }

  /** Takes a token of a sender. @param now seconds, with fractions @returns whether there was one */
  take(sender: object, now: number): boolean {
    let bucket = this.#buckets.get(sender);
    if (bucket === undefined) {
      bucket = new TokenBucket(this.#perSecond, this.#burst, now);
      this.#buckets.set(sender, bucket);
    }
    return bucket.take(now);
  }
}
