import { ENCAPSULATION_BYTES } from "../protocol/record.ts";

/** Room before every frame, for the headers of a record of the plain type. */
export const RECORD_HEADROOM = ENCAPSULATION_BYTES;

/**
 * One or more Ethernet frames in one buffer that is as long as it has to be, each behind {@link RECORD_HEADROOM}
 * and one right after the other: once the headrooms are filled in, the buffer is a batch of records.
 *
 * ```
 *  0          12                 stride
 *  +----------+------------------+----------+------------------+----------+---------+
 *  | headroom |     frame 0      | headroom |     frame 1      | headroom | frame 2 |
 *  +----------+------------------+----------+------------------+----------+---------+
 * ```
 *
 * The content of a headroom is undefined until it is filled in.
 */
export class PlainFrames {
  /** Owned by the holder alone, so that it can be queued as it is. */
  readonly bytes: Uint8Array;
  readonly count: number;
  readonly #stride: number;

  /** Creates it. `stride` is the distance from one frame's start to the next; all but the last are equally long. */
  constructor(bytes: Uint8Array, count: number, stride: number) {
    this.bytes = bytes;
    this.count = count;
    this.#stride = stride;
  }

  /** Returns where frame `index`, from 0, begins. */
  frameAt(index: number): number {
    return index * this.#stride + RECORD_HEADROOM;
  }

  /** Returns where frame `index`, from 0, ends. */
  endAt(index: number): number {
    return index === this.count - 1 ? this.bytes.length : (index + 1) * this.#stride;
  }
}
