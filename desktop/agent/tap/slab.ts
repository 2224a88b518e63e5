/**
 * The memory frames are read into. A slab is filled by one wake-up and handed over as one batch:
 *
 * ```
 * | headroom | frame 0 | headroom | frame 1 | … | headroom | frame n |  unused  |
 * 0          12        ends[0]                                      ends[n]
 * ```
 *
 * Once the headroom holds record and VXLAN headers, `bytes[0, ends[n])` is a message of `laneway.v1`.
 */
import { FRAME_BYTES } from "../../../shared/tunnel/constants.ts";
import { HEADROOM } from "./device.ts";

/** Frames in a batch at most: more no longer saves noticeably per frame, and holds the event loop up. */
export const BATCH_FRAMES = 64;

/** Bytes of a slab: a full batch of ordinary frames (64 × 1,526) leaves room for the greatest frame of all. */
export const SLAB_BYTES = 192 * 1024;

/** Slabs of a device: one being filled, one being sent, two waiting. More would be a queue of our own. */
export const SLABS = 4;

export interface SlabPoolOptions {
  /** {@link SLABS} unless told. */
  readonly slabs?: number;
  /** Bytes of each, {@link SLAB_BYTES} unless told. */
  readonly bytes?: number;
  /** Frames in each at most, {@link BATCH_FRAMES} unless told. */
  readonly frames?: number;
  /** Called from within {@link FrameBatch.release} when a slab has become free. */
  readonly freed?: () => void;
}

/** A slab while a driver fills it. */
export class Slab {
  readonly bytes: Uint8Array;
  readonly ends: Uint32Array;
  #count = 0;

  constructor(bytes: number, frames: number) {
    if (bytes < HEADROOM + FRAME_BYTES) throw new RangeError(`a slab of ${bytes} bytes holds no full frame`);
    this.bytes = new Uint8Array(bytes);
    this.ends = new Uint32Array(frames);
  }

  get count(): number {
    return this.#count;
  }

  /** Where the next frame goes; {@link FRAME_BYTES} fit there unless the slab is {@link full}. */
  get next(): number {
    const end = this.#count === 0 ? 0 : (this.ends[this.#count - 1] ?? 0);
    return end + HEADROOM;
  }

  /** Whether the next frame might not fit. */
  get full(): boolean {
    return this.#count === this.ends.length || this.bytes.length - this.next < FRAME_BYTES;
  }

  /** Counts in the `length` bytes that were put at {@link next}. */
  add(length: number): void {
    this.ends[this.#count] = this.next + length;
    this.#count++;
  }

  clear(): void {
    this.#count = 0;
  }
}

/** The slabs of one device. Bounded: without a free one its driver does not read. */
export class SlabPool {
  readonly #free: Slab[] = [];
  readonly #freed: (() => void) | undefined;

  constructor(options: SlabPoolOptions = {}) {
    const { slabs = SLABS, bytes = SLAB_BYTES, frames = BATCH_FRAMES } = options;
    for (let i = 0; i < slabs; i++) this.#free.push(new Slab(bytes, frames));
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

  /** Makes a filled slab a batch, which comes back by its release. */
  batch(slab: Slab): FrameBatch {
    return new FrameBatch(slab, (released) => {
      this.giveBack(released);
      this.#freed?.();
    });
  }
}

/** The frames of one wake-up, owned by whom it was given to. */
export class FrameBatch {
  #slab: Slab | undefined;
  readonly #released: (slab: Slab) => void;

  constructor(slab: Slab, released: (slab: Slab) => void) {
    this.#slab = slab;
    this.#released = released;
  }

  /** The memory all offsets refer to; more may lie behind the last frame. */
  get bytes(): Uint8Array {
    return this.#owned().bytes;
  }

  /** How many frames, at least one. */
  get count(): number {
    return this.#owned().count;
  }

  /** Where frame `index` begins, with {@link HEADROOM} writable bytes in front: where frame `index - 1` ended. */
  frameAt(index: number): number {
    return HEADROOM + (index === 0 ? 0 : this.endAt(index - 1));
  }

  /** Where frame `index` ends. */
  endAt(index: number): number {
    const slab = this.#owned();
    const end = slab.ends[index];
    if (end === undefined || index >= slab.count) throw new RangeError(`no frame ${index} in ${slab.count}`);
    return end;
  }

  /**
   * Gives the memory back, for other frames to be read into. A second call does nothing, since by then the
   * memory may belong to another batch; so the paths of success and failure may both release.
   */
  release(): void {
    const slab = this.#slab;
    if (slab === undefined) return;
    this.#slab = undefined;
    this.#released(slab);
  }

  #owned(): Slab {
    if (this.#slab === undefined) throw new Error("a batch of frames was used after its release");
    return this.#slab;
  }
}
