/**
 * The memory for frames that are read. One wake-up fills a slab, which is delivered as one batch:
 *
 * ```
 * | headroom | frame 0 | headroom | frame 1 | … | headroom | frame n |  unused  |
 * 0       12 or 22     ends[0]                                      ends[n]
 * ```
 *
 * Once the headrooms hold record and VXLAN headers, `bytes[0, ends[n])` is a message of `laneway.v1`. With offload the
 * last 10 bytes of a headroom are the frame's virtio-net header from the kernel.
 */

import { FRAME_BYTES } from "../../../shared/protocol/constants.ts";
import { Block, type BlockHome } from "../../../shared/tunnel/block.ts";
import { poison } from "../../../shared/tunnel/hostile-memory.ts";
import { HOSTILE_MEMORY } from "../../../system/memory.ts";
import { type FrameBatch, TAP_HEADROOM } from "./device.ts";

/** Maximum frames in a batch: more saves hardly anything per frame, and blocks the event loop. */
export const BATCH_FRAMES = 64;

/**
 * Bytes after which a batch is closed: one super-frame of TCP (45 segments of 1,448 bytes), or 40 ordinary frames. With
 * 256 KiB a single TCP stream was 10 % slower and cost 15 % more, because the receiver must reassemble messages larger
 * than its socket reads at a time. Frames also wait longer.
 */
export const BATCH_BYTES = 60 * 1024;

/** Slabs of a device: one being filled, one being sent, two waiting. More would add another queue. */
export const SLABS = 4;

export interface SlabPoolOptions {
  /** {@link SLABS} by default. */
  readonly slabs?: number;
  /** Bytes after which a slab counts as full; {@link BATCH_BYTES} by default; at least 1. */
  readonly bytes?: number;
  /** Maximum frames in a slab; {@link BATCH_FRAMES} by default. */
  readonly frames?: number;
  /** Bytes before each frame; {@link TAP_HEADROOM} by default. */
  readonly headroom?: number;
  /** Called when a slab has become free, from within the release of its block: it must not read or deliver frames. */
  readonly freed?: () => void;
}

/** A slab while a driver fills it. */
export class Slab implements BlockHome {
  /** Its references count from when the slab becomes a batch. */
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

  /** Position of the next frame; {@link FRAME_BYTES} fit there unless the slab is {@link full}. */
  get next(): number {
    return this.#end + this.headroom;
  }

  /** Whether it must be delivered because the next frame might not fit. */
  get isFull(): boolean {
    return this.#count === this.ends.length || this.#end >= this.#limit;
  }

  /** Adds the frame of `length` bytes at {@link next}. */
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

/** The slabs of one device. Without a free slab its driver does not read, so memory is bounded. */
export class SlabPool {
  readonly #free: Slab[] = [];
  readonly #freed: (() => void) | undefined;
  readonly #released = (slab: Slab) => {
    this.giveBack(slab);
    this.#freed?.();
  };

  constructor(options: SlabPoolOptions = {}) {
    const { slabs = SLABS, bytes = BATCH_BYTES, frames = BATCH_FRAMES, headroom = TAP_HEADROOM } = options;
    for (let i = 0; i < slabs; i++) this.#free.push(new Slab(bytes, frames, headroom, this.#released));
    this.#freed = options.freed;
  }

  /** Whether {@link take} has a free slab. */
  get available(): boolean {
    return this.#free.length > 0;
  }

  /** Takes an empty slab, to be passed to {@link batch} or {@link giveBack}. */
  take(): Slab | undefined {
    return this.#free.pop();
  }

  /** Returns an unused slab. */
  giveBack(slab: Slab): void {
    slab.clear();
    this.#free.push(slab);
  }

  /** Makes a filled slab a batch. The slab returns when the last reference to its block is dropped. */
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
