/** Bytes of the first chunk, so that a capture of a quiet network costs little. Each further one is twice as large, */
const FIRST_BYTES = 4 * 1024;
/** up to this: a reader that keeps up takes a few of them per turn, and a super-frame fills one. */
const CHUNK_BYTES = 64 * 1024;

const NOTHING = new Uint8Array(0);

/** Position of a block in the buffer. */
export interface Placed {
  chunk: Uint8Array;
  at: number;
  size: number;
}

/** Written blocks that wait for their reader. The writer enforces its limit. */
export class CaptureBuffer {
  readonly #full: Uint8Array[] = [];
  #fullBytes = 0;
  /** The chunk being filled: `[#taken, #filled)` waits. */
  #chunk: Uint8Array = NOTHING;
  #taken = 0;
  #filled = 0;

  /** Bytes that wait. */
  get waiting(): number {
    return this.#fullBytes + this.#filled - this.#taken;
  }

  add(block: Uint8Array): void {
    const { chunk, at } = this.place(block.length);
    chunk.set(block, at);
  }

  /** Reserves room for a block behind all others, which the caller must write at once. */
  place(size: number): Placed {
    if (this.#filled + size > this.#chunk.length) this.#newChunk(size);
    const at = this.#filled;
    this.#filled += size;
    return { chunk: this.#chunk, at, size };
  }

  /**
   * Extends a block by `by` bytes, for the caller to rewrite, and moves the blocks behind it.
   *
   * @returns false if it is too late because the block was taken or a new chunk begun
   */
  widen(placed: Placed, by: number): boolean {
    if (placed.chunk !== this.#chunk || placed.at < this.#taken) return false;
    const { chunk, at, size } = placed;
    const behind = chunk.slice(at + size, this.#filled);
    this.#filled = at;
    const wider = this.place(size + by);
    placed.chunk = wider.chunk;
    placed.at = wider.at;
    placed.size = wider.size;
    if (behind.length > 0) this.add(behind);
    return true;
  }

  /** Takes the oldest chunk of whole blocks; undefined if none waits. Its bytes stay unchanged. */
  take(): Uint8Array | undefined {
    const full = this.#full.shift();
    if (full !== undefined) {
      this.#fullBytes -= full.length;
      return full;
    }
    if (this.#filled === this.#taken) return undefined;
    const bytes = this.#chunk.subarray(this.#taken, this.#filled);
    this.#taken = this.#filled;
    return bytes;
  }

  /** Drops all waiting blocks. */
  clear(): void {
    this.#full.length = 0;
    this.#fullBytes = 0;
    this.#chunk = NOTHING;
    this.#taken = 0;
    this.#filled = 0;
  }

  #newChunk(size: number): void {
    if (this.#filled > this.#taken) {
      this.#full.push(this.#chunk.subarray(this.#taken, this.#filled));
      this.#fullBytes += this.#filled - this.#taken;
    }
    const usual = Math.min(CHUNK_BYTES, Math.max(FIRST_BYTES, 2 * this.#chunk.length));
    this.#chunk = new Uint8Array(Math.max(usual, size));
    this.#taken = 0;
    this.#filled = 0;
  }
}
