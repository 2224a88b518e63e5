/** Splits one wake-up's frames into a part for each VLAN, all in the slab that they came in. */
import type { Block } from "../../../shared/tunnel/block.ts";
import type { FrameBatch } from "../tap/device.ts";

/** Positions of a part's frames. Its view reuses it, so that no frame costs an object. */
export class FrameRanges {
  #frames: Uint32Array<ArrayBuffer>;
  #ends: Uint32Array<ArrayBuffer>;
  #count = 0;

  constructor(capacity: number) {
    this.#frames = new Uint32Array(capacity);
    this.#ends = new Uint32Array(capacity);
  }

  get count(): number {
    return this.#count;
  }

  add(frame: number, end: number): void {
    if (this.#count === this.#frames.length) this.#grow();
    this.#frames[this.#count] = frame;
    this.#ends[this.#count] = end;
    this.#count++;
  }

  frameAt(index: number): number {
    return this.#at(this.#frames, index);
  }

  endAt(index: number): number {
    return this.#at(this.#ends, index);
  }

  clear(): void {
    this.#count = 0;
  }

  #at(offsets: Uint32Array, index: number): number {
    const offset = offsets[index];
    if (offset === undefined || index >= this.#count)
      throw new RangeError(`no frame ${index} in ${this.#count}`);
    return offset;
  }

  #grow(): void {
    const frames = new Uint32Array(this.#count * 2 + 1);
    const ends = new Uint32Array(this.#count * 2 + 1);
    frames.set(this.#frames);
    ends.set(this.#ends);
    this.#frames = frames;
    this.#ends = ends;
  }
}

/** One VLAN's part of a batch, with its own reference to the frames' slab. */
export class VlanBatch implements FrameBatch {
  readonly #block: Block;
  readonly #released: (ranges: FrameRanges) => void;
  #ranges: FrameRanges | undefined;

  /**
   * Takes a reference to the block.
   *
   * @param released called when `ranges` may be reused
   */
  constructor(block: Block, ranges: FrameRanges, released: (ranges: FrameRanges) => void) {
    block.retain();
    this.#block = block;
    this.#ranges = ranges;
    this.#released = released;
  }

  get block(): Block {
    this.#owned();
    return this.#block;
  }

  get count(): number {
    return this.#owned().count;
  }

  frameAt(index: number): number {
    return this.#owned().frameAt(index);
  }

  endAt(index: number): number {
    return this.#owned().endAt(index);
  }

  release(): void {
    const ranges = this.#ranges;
    if (ranges === undefined) return;
    this.#ranges = undefined;
    this.#released(ranges);
    this.#block.release();
  }

  #owned(): FrameRanges {
    if (this.#ranges === undefined) throw new Error("a batch of frames was used after its release");
    return this.#ranges;
  }
}
