import type { Random } from "./random.ts";

/** Greatest length of a packet on an underlay. */
const MOST_BYTES = 65_535;
/** Greatest length of noise, because bytes beyond the headers make no difference. */
const NOISE_BYTES = 200;
/** Offsets of a tunnel's header and of the first headers inside. */
const HEADER_BYTES = 64;
/** Edge values of lengths, counts and offsets. */
const EDGES = [0x00, 0x01, 0x7f, 0x80, 0xfe, 0xff] as const;
const WAYS = 8;

/**
 * Makes hostile packets: good ones with an error, good ones, and noise. Each is in {@link bytes} up to {@link end},
 * until the next.
 */
export class Mutator {
  readonly bytes = new Uint8Array(MOST_BYTES);
  end = 0;
  readonly #random: Random;
  readonly #corpus: readonly Uint8Array[];

  /** @param corpus good packets, at least one */
  constructor(random: Random, corpus: readonly Uint8Array[]) {
    this.#random = random;
    this.#corpus = corpus;
  }

  next(): void {
    const way = this.#random.below(WAYS);
    if (way === 0) {
      this.end = this.#random.below(NOISE_BYTES);
      this.#random.fill(this.bytes, 0, this.end);
      return;
    }
    const packet = this.#random.of(this.#corpus);
    this.bytes.set(packet);
    this.end = packet.length;
    if (way === 1) return;
    if (way === 2) this.#flipBit();
    else if (way === 3) this.#change(this.end);
    else if (way === 4) this.end = this.#random.below(this.end + 1);
    else if (way === 5) this.#extend();
    else if (way === 6) this.#splice();
    else this.#change(Math.min(this.end, HEADER_BYTES));
  }

  #flipBit(): void {
    const at = this.#random.below(Math.min(this.end, HEADER_BYTES));
    this.bytes[at] = (this.bytes[at] ?? 0) ^ (1 << this.#random.below(8));
  }

  /** Overwrites a few bytes below `limit`. */
  #change(limit: number): void {
    for (let left = 1 + this.#random.below(8); left > 0; left--) {
      const at = this.#random.below(limit);
      this.bytes[at] = this.#random.below(2) === 0 ? this.#random.of(EDGES) : this.#random.next();
    }
  }

  /** Extends the packet, mostly by a little, sometimes to the greatest length. */
  #extend(): void {
    const most = this.#random.below(1_000) === 0 ? MOST_BYTES : Math.min(this.end + NOISE_BYTES, MOST_BYTES);
    const end = this.end + this.#random.below(most - this.end + 1);
    this.#random.fill(this.bytes, this.end, end);
    this.end = end;
  }

  /** Joins the beginning of one packet and a later part of another. */
  #splice(): void {
    const other = this.#random.of(this.#corpus);
    const at = this.#random.below(this.end + 1);
    const tail = other.subarray(this.#random.below(other.length + 1));
    const size = Math.min(tail.length, MOST_BYTES - at);
    this.bytes.set(tail.subarray(0, size), at);
    this.end = at + size;
  }
}
