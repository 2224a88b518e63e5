import {
  BLOCK_BYTES,
  ENHANCED_PACKET,
  INTERFACE_STATISTICS,
  PACKET_HEADER_BYTES,
  PACKET_LOST,
  SNAPLEN,
  STATISTICS_LOST,
} from "./pcapng.ts";

/** Maximum size of a block: the longest frame, and more than its options and comments need. We write no larger one. */
const MOST_BLOCK_BYTES = SNAPLEN + 65_536;

/** Offset of an Interface Statistics Block's options. */
const STATISTICS_HEADER_BYTES = 20;

const NOTHING = new Uint8Array(0);

/**
 * Cuts a stream of pcapng into whole blocks, however it was split on its way, and counts them. A file of whole blocks
 * is readable wherever the stream broke off.
 */
export class BlockReader {
  /** Number of frames in the blocks so far. */
  frames = 0;
  /** Number of bytes in the blocks so far. */
  bytes = 0;
  #lostBetween = 0;
  #lostInAll: number | undefined;
  #rest: Uint8Array = NOTHING;

  /** Number of frames that the capture reported as lost. */
  get lost(): number {
    return this.#lostInAll ?? this.#lostBetween;
  }

  /** Whether a block has begun but not ended yet. */
  get partial(): boolean {
    return this.#rest.length > 0;
  }

  /**
   * Reads the next bytes of the stream.
   *
   * @returns the blocks completed by them, possibly empty; undefined if the stream is not little-endian pcapng
   */
  read(bytes: Uint8Array): Uint8Array | undefined {
    const stream = this.#rest.length === 0 ? bytes : joined(this.#rest, bytes);
    const view = new DataView(stream.buffer, stream.byteOffset, stream.byteLength);
    let at = 0;
    while (stream.length - at >= BLOCK_BYTES) {
      const size = view.getUint32(at + 4, true);
      if (size < BLOCK_BYTES || size > MOST_BLOCK_BYTES || size % 4 !== 0) return undefined;
      if (stream.length - at < size) break;
      if (view.getUint32(at + size - 4, true) !== size) return undefined;
      this.#block(view, at, at + size);
      at += size;
    }
    this.#rest = stream.slice(at);
    this.bytes += at;
    return stream.subarray(0, at);
  }

  #block(view: DataView, at: number, end: number): void {
    const type = view.getUint32(at, true);
    if (type === ENHANCED_PACKET && end - at >= PACKET_HEADER_BYTES + 4) {
      this.frames++;
      const kept = view.getUint32(at + 20, true);
      const options = at + PACKET_HEADER_BYTES + kept + ((4 - (kept % 4)) % 4);
      this.#lostBetween += option64(view, options, end - 4, PACKET_LOST) ?? 0;
    } else if (type === INTERFACE_STATISTICS && end - at >= STATISTICS_HEADER_BYTES + 4) {
      const lost = option64(view, at + STATISTICS_HEADER_BYTES, end - 4, STATISTICS_LOST);
      this.#lostInAll = (this.#lostInAll ?? 0) + (lost ?? 0);
    }
  }
}

/** Returns the 64-bit option with the wanted code among those in [start, end). */
function option64(view: DataView, start: number, end: number, wanted: number): number | undefined {
  let at = start;
  while (at + 4 <= end) {
    const code = view.getUint16(at, true);
    const length = view.getUint16(at + 2, true);
    if (code === 0) return undefined;
    if (code === wanted && length === 8 && at + 12 <= end) {
      return view.getUint32(at + 4, true) + view.getUint32(at + 8, true) * 2 ** 32;
    }
    at += 4 + length + ((4 - (length % 4)) % 4);
  }
  return undefined;
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const all = new Uint8Array(first.length + second.length);
  all.set(first);
  all.set(second, first.length);
  return all;
}
