/**
 * The Internet checksum, RFC 1071, for data as large as a super-frame.
 *
 * `addBytes` of shared/frame adds one byte at a time, which is fast for a header. This adds four bytes at a time, from
 * any offset, as floating-point numbers, exact up to 2^53, so no carry matters until the end. It is several times as
 * fast.
 */
import { UDP_CSUM_OFFSET } from "./packet.ts";

/**
 * Writes the checksum of [start, end) of `view` to `start + offset`, which holds the sum of the pseudo-header until
 * then.
 */
export function completeCsum(view: DataView, start: number, offset: number, end: number): void {
  const csum = ~sumWords(view, start, end) & 0xffff;
  // UDP uses 0 for no checksum; 0xffff is the same number in one's complement (RFC 768).
  view.setUint16(start + offset, csum === 0 && offset === UDP_CSUM_OFFSET ? 0xffff : csum);
}

/**
 * Returns the sum of the 16-bit words in [start, end), up to 0xffff; an odd last byte counts as if a zero followed it.
 */
export function sumWords(view: DataView, start: number, end: number): number {
  let even = 0;
  let odd = 0;
  let offset = start;
  for (const last = end - 16; offset <= last; offset += 16) {
    // Two sums, so that one addition need not wait for the other.
    even += view.getUint32(offset, true) + view.getUint32(offset + 4, true);
    odd += view.getUint32(offset + 8, true) + view.getUint32(offset + 12, true);
  }
  for (const last = end - 4; offset <= last; offset += 4) even += view.getUint32(offset, true);
  let rest = 0;
  if (offset <= end - 2) {
    rest += view.getUint16(offset, true);
    offset += 2;
  }
  if (offset < end) rest += view.getUint8(offset);
  const sum = even + odd;
  const words = fold(fold(Math.floor(sum / 2 ** 32)) + fold(sum >>> 0) + rest);
  // The sum was little-endian: swapping the bytes of every word swaps those of the sum (RFC 1071 §2 B).
  return ((words & 0xff) << 8) | (words >>> 8);
}

/** Adds the carries of a sum of up to 32 bits until 16 bits are left. */
export function fold(sum: number): number {
  const once = (sum >>> 16) + (sum & 0xffff);
  return (once >>> 16) + (once & 0xffff);
}

/** Returns the one's complement of 16 bits, which subtracts in its arithmetic. */
export function invert(value: number): number {
  return ~value & 0xffff;
}
