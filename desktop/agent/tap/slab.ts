/**
 * The memory frames are read into. A slab is filled by one wake-up and handed over as one batch:
 *
 * ```
 * | headroom | frame 0 | headroom | frame 1 | … | headroom | frame n |  unused  |
 * 0       12 or 22     ends[0]                                      ends[n]
 * ```
 *
 * Once the headroom holds record and VXLAN headers, `bytes[0, ends[n])` is a message of `laneway.v1`. With
 * offload its last 10 bytes are the frame's virtio-net header, which the kernel put there.
 */

import { FRAME_BYTES } from "../../../shared/protocol/constants.ts";
import { Block, type BlockHome } from "../../../shared/tunnel/block.ts";
import { poison } from "../../../shared/tunnel/hostile-memory.ts";
import { HOSTILE_MEMORY } from "../../../system/memory.ts";
import { type FrameBatch, HEADROOM } from "./device.ts";

/** Frames in a batch at most: more no longer saves noticeably per frame, and holds the event loop up. */
export const BATCH_FRAMES = 64;

/**
 * Bytes after which a batch is closed: one super-frame as TCP makes them (45 segments of 1,448 bytes), or 40
 * ordinary frames. With 256 KiB a single TCP stream was 10 % slower and cost 15 % more: a message that is
 * larger than what the receiver's socket reads at a time has to be put together there. And it waits longer.
 */
export const BATCH_BYTES = 60 * 1024;

/** Slabs of a device: one being filled, one being sent, two waiting. More would be a queue of our own. */
export const SLABS = 4;

export interface SlabPoolOptions {
  /** {@link SLABS} unless told. */
  readonly slabs?: number;
  /** Bytes after which each counts as full, {@link BATCH_BYTES} unless told; 1 at least. */
  readonly bytes?: number;
  /** Frames in each at most, {@link BATCH_FRAMES} unless told. */
  readonly frames?: number;
  /** Bytes in front of each frame, {@link HEADROOM} unless told. */
  readonly headroom?: number;
  /** Called when a slab has become free, from within the release of its block: it must not read or hand on frames. */
  readonly freed?: () => void;
}

/** A slab while a driver fills it. */
export class Slab implements BlockHome {
  /** Its references count from when the slab is handed on as a batch. */
  readonly block: Block;
  readonly ends: Uint32Array;
  readonly headroom: number;
  readonly #limit: number;
  readonly #released: (slab: Slab) => void;
  #count = 0;

  /** @param released called when its last reference is dropped */
  constructor(limit: number, frames: number, headroom: number, released: (slab: Slab) => void) {
    this.#released = released;
    this.block = new Block(new Uint8Array(limit + headroom + FRAME_BYTES), this);
    this.ends = new Uint32Array(frames);
    this.headroom = headroom;
    this.#limit = limit;
  }

  get bytes(): Uint8Array {
    return this.block.bytes;
  }

  get count(): number {
    return this.#count;
  }

  /** Where the next frame goes; {@link FRAME_BYTES} fit there unless the slab is {@link isFull}. */
  get next(): number {
    return this.#end + this.headroom;
  }

  /** Whether it is to be handed over: the next frame might not fit. */
  get isFull(): boolean {
    return this.#count === this.ends.length || this.#end >= this.#limit;
  }

  /** Counts in the `length` bytes that were put at {@link next}. */
  add(length: number): void {
    this.ends[this.#count] = this.next + length;
    this.#count++;
  }

  clear(): void {
    this.#count = 0;
  }

  takeBack(block: Block): void {
    if (HOSTILE_MEMORY) poison(block);
    this.#released(this);
  }

  get #end(): number {
    return this.#count === 0 ? 0 : (this.ends[this.#count - 1] ?? 0);
  }
}

/** The slabs of one device. Bounded: without a free one its driver does not read. */
export class SlabPool {
  readonly #free: Slab[] = [];
  readonly #freed: (() => void) | undefined;
  readonly #released = (slab: Slab) => {
    this.giveBack(slab);
    this.#freed?.();
  };

  constructor(options: SlabPoolOptions = {}) {
    const { slabs = SLABS, bytes = BATCH_BYTES, frames = BATCH_FRAMES, headroom = HEADROOM } = options;
    for (let i = 0; i < slabs; i++) this.#free.push(new Slab(bytes, frames, headroom, this.#released));
    this.#freed = options.freed;
  }

  /** Whether {@link take} has one to give. */
  get available(): boolean {
    return this.#free.length > 0;
  }

  /** An empty slab, to be given on as {@link batch} or back by {@link giveBack}. */
  take(): Slab | undefined {
    return this.#free.pop();
  }

  /** Takes a slab back that was handed to nobody. */
  giveBack(slab: Slab): void {
    slab.clear();
    this.#free.push(slab);
  }

  /** Makes a filled slab a batch. The slab comes back when its block has no holder any more. */
  batch(slab: Slab): FrameBatch {
    if (slab.block.isFree) slab.block.reuse();
    return new SlabBatch(slab);
  }
}

/** The frames of one wake-up: a slab, its frames a headroom apart. */
class SlabBatch implements FrameBatch {
  #slab: Slab | undefined;

  constructor(slab: Slab) {
    this.#slab = slab;
  }

  get block(): Block {
    return this.#owned().block;
  }

  get count(): number {
    return this.#owned().count;
  }

  frameAt(index: number): number {
    return this.#owned().headroom + (index === 0 ? 0 : this.endAt(index - 1));
  }

  endAt(index: number): number {
    const slab = this.#owned();
    const end = slab.ends[index];
    if (end === undefined || index >= slab.count) throw new RangeError(`no frame ${index} in ${slab.count}`);
    return end;
  }

  release(): void {
    const slab = this.#slab;
    if (slab === undefined) return;
    this.#slab = undefined;
    slab.block.release();
  }

  #owned(): Slab {
    if (this.#slab === undefined) throw new Error("a batch of frames was used after its release");
    return this.#slab;
  }
}
