/**
 * The Internet checksum, RFC 1071: the one's complement of the one's complement sum of 16-bit words.
 *
 * Partial sums are numbers up to 0xffff, so that a pseudo-header and the data behind it can be summed one after the other.
 * Every part but the last must have an even length.
 */
import type { IpAddress } from "./address.ts";

/**
 * Adds the bytes in [start, end), 16 MiB at most, to a partial sum. An odd byte at the end counts as if a
 * zero followed it.
 */
export function addBytes(sum: number, bytes: Uint8Array, start: number, end: number): number {
  // Sums high and low bytes apart: no carry, and the sums stay small integers.
  let high = 0;
  let low = 0;
  const evenEnd = end - ((end - start) & 1);
  for (let offset = start; offset < evenEnd; offset += 2) {
    high += bytes[offset] ?? 0;
    low += bytes[offset + 1] ?? 0;
  }
  if (evenEnd < end) high += bytes[evenEnd] ?? 0;
  return fold(sum + fold(high) * 256 + fold(low));
}

/** Returns the checksum of [start, end) on top of a partial sum: 0 if the data contains its right checksum. */
export function checksum(bytes: Uint8Array, start: number, end: number, sum = 0): number {
  return ~addBytes(sum, bytes, start, end) & 0xffff;
}

/**
 * Returns the partial sum of the pseudo-header: RFC 768 for IPv4, RFC 8200 §8.1 for IPv6.
 * `length` is that of the upper layer's header and data, in bytes.
 */
export function sumPseudoHeader(
  source: IpAddress,
  destination: IpAddress,
  protocol: number,
  length: number,
): number {
  const addresses = sumAddress(source) + sumAddress(destination);
  return fold(addresses + protocol + (length >>> 16) + (length & 0xffff));
}

function sumAddress(address: IpAddress): number {
  if (typeof address === "number") return (address >>> 16) + (address & 0xffff);
  let sum = 0;
  for (let rest = address; rest > 0n; rest >>= 16n) sum += Number(rest & 0xffffn);
  return sum;
}

/** Folds a sum of up to 32 bits to 16 bits by adding its carries. */
function fold(sum: number): number {
  const once = (sum >>> 16) + (sum & 0xffff);
  return (once >>> 16) + (once & 0xffff);
}
