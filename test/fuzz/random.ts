/** Pseudo-random numbers from a seed (xorshift32). Allocates nothing, because ten million packets take many. */
export class Random {
  #state: number;

  /** @param seed 32 bits; 0 counts as another one */
  constructor(seed: number) {
    this.#state = seed >>> 0 || 0x9e37_79b9;
  }

  /** Returns 32 bits, unsigned, never 0. */
  next(): number {
    let state = this.#state;
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    this.#state = state >>> 0;
    return this.#state;
  }

  /** Returns an integer from 0 to `limit` - 1. */
  below(limit: number): number {
    return Math.floor((this.next() / 0x1_0000_0000) * limit);
  }

  /** Returns one of `choices`, of which there must be at least one. */
  of<Choice>(choices: readonly Choice[]): Choice {
    return choices[this.below(choices.length)] as Choice;
  }

  fill(bytes: Uint8Array, start: number, end: number): void {
    let word = 0;
    for (let at = start; at < end; at++) {
      if (((at - start) & 3) === 0) word = this.next();
      bytes[at] = word;
      word >>>= 8;
    }
  }
}
