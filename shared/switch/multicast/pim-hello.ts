/**
 * The hello of PIM, RFC 7761 §4.9.2, the only PIM message that a snooping switch reads:
 *
 * ```
 *  0       1       2               4               6               8
 *  +---+---+-------+---------------+---------------+---------------+----------
 *  | 2 | 0 |   0   |   checksum    |  option type  | option length | value …   more options
 *  +---+---+-------+---------------+---------------+---------------+----------
 * ```
 *
 * It goes to 224.0.0.13 or ff02::d; over IPv6 the checksum covers the pseudo-header too (§4.9).
 */
import { readUint16 } from "../../frame/bytes.ts";
import { checksum } from "../../frame/checksum.ts";

/** IP protocol number (IANA). */
export const PROTOCOL_PIM = 103;

const HEADER_BYTES = 4;
const OPTION_HEADER_BYTES = 4;
const VERSION_2_HELLO = 0x20;
const OPTION_HOLDTIME = 1;
/** The holdtime of a hello without one, in seconds (RFC 7761 §4.11). */
const DEFAULT_HOLDTIME = 105;

/**
 * Returns the holdtime in seconds of the hello that fills [start, end); undefined for other messages and damaged ones.
 *
 * @param sum the partial sum of the pseudo-header; 0 over IPv4
 */
export function readPimHoldtime(
  bytes: Uint8Array,
  start: number,
  end: number,
  sum: number,
): number | undefined {
  if (end - start < HEADER_BYTES || bytes[start] !== VERSION_2_HELLO) return undefined;
  if (checksum(bytes, start, end, sum) !== 0) return undefined;
  let offset = start + HEADER_BYTES;
  while (offset + OPTION_HEADER_BYTES <= end) {
    const length = readUint16(bytes, offset + 2);
    const next = offset + OPTION_HEADER_BYTES + length;
    if (next > end) break;
    if (readUint16(bytes, offset) === OPTION_HOLDTIME && length === 2) {
      return readUint16(bytes, offset + OPTION_HEADER_BYTES);
    }
    offset = next;
  }
  return DEFAULT_HOLDTIME;
}
