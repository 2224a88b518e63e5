/**
 * Generic Routing Encapsulation, RFC 2784 with the key and the sequence number of RFC 2890. It comes after an
 * IP header (protocol 47), or after UDP (RFC 8086, port 4754):
 *
 * ```
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-----------------+-----+-------------------------------+
 * |C|0|K|S|    reserved     |  0  |         protocol type         |
 * +-+-+-+-+-----------------+-----+-------------------------------+
 * |     checksum (if C is 1)      |     reserved (if C is 1)      |
 * +-------------------------------+-------------------------------+
 * |                       key (if K is 1)                         |
 * +---------------------------------------------------------------+
 * |                 sequence number (if S is 1)                   |
 * +---------------------------------------------------------------+
 * ```
 *
 * The checksum covers header and payload. Version 1, PPTP's, is another protocol.
 */
import {
  hasRoom,
  holds,
  isField,
  readUint16,
  readUint32,
  type Written,
  writeUint16,
  writeUint32,
} from "../bytes.ts";
import { checksum } from "../checksum.ts";
import { Malformed } from "../malformed.ts";

/** IP protocol number. */
export const PROTOCOL_GRE = 47;

/** UDP destination port of GRE in UDP (RFC 8086 section 8.1). */
export const GRE_UDP_PORT = 4754;

/** Length of a header without optional words, in bytes. */
export const GRE_HEADER_BYTES = 4;

const WORD_BYTES = 4;

const CHECKSUM_FLAG = 0x8000;
const KEY_FLAG = 0x2000;
const SEQUENCE_FLAG = 0x1000;
/** RFC 1701's routing, strict source route and recursion: with one of them set, discard (RFC 2784 section 2.3). */
const FORBIDDEN_FLAGS = 0x4c00;
const VERSION_BITS = 0x0007;

/** The fields of a GRE header. */
export interface GreHeader {
  /** EtherType of the payload: 0x0800, 0x86dd, or 0x6558 for an Ethernet frame. */
  readonly protocol: number;
  /** Whether it has a checksum. */
  readonly checksummed: boolean;
  /** 32 bits. */
  readonly key: number | undefined;
  /** 32 bits. */
  readonly sequence: number | undefined;
}

/** A decoded header: the payload is [payload, end). */
export interface Gre extends GreHeader {
  readonly payload: number;
  readonly end: number;
}

/** The fields that {@link encodeGre} needs; optional fields are absent unless given. */
export type GreFields = Pick<GreHeader, "protocol"> & Partial<GreHeader>;

/** Length of the header that {@link encodeGre} writes for `fields`, in bytes. */
export function greHeaderBytes({ checksummed = false, key, sequence }: Partial<GreHeader>): number {
  const words = Number(checksummed) + Number(key !== undefined) + Number(sequence !== undefined);
  return GRE_HEADER_BYTES + words * WORD_BYTES;
}

/**
 * Decodes the header at the start of [start, end). Never throws. Checks the checksum, if there is one; it covers all
 * bytes up to `end`.
 */
export function decodeGre(bytes: Uint8Array, start: number, end: number): Gre | Malformed {
  if (!holds(bytes, start, end, GRE_HEADER_BYTES)) return new Malformed("gre", "truncated");
  const flags = readUint16(bytes, start);
  if ((flags & VERSION_BITS) !== 0) return new Malformed("gre", "bad-version");
  if ((flags & FORBIDDEN_FLAGS) !== 0) return new Malformed("gre", "bad-flags");
  const checksummed = (flags & CHECKSUM_FLAG) !== 0;
  const hasKey = (flags & KEY_FLAG) !== 0;
  const hasSequence = (flags & SEQUENCE_FLAG) !== 0;
  const length = GRE_HEADER_BYTES + WORD_BYTES * (Number(checksummed) + Number(hasKey) + Number(hasSequence));
  if (!holds(bytes, start, end, length)) return new Malformed("gre", "truncated");
  if (checksummed && checksum(bytes, start, end) !== 0) return new Malformed("gre", "bad-checksum");
  let at = start + GRE_HEADER_BYTES + (checksummed ? WORD_BYTES : 0);
  const key = hasKey ? readUint32(bytes, at) : undefined;
  if (hasKey) at += WORD_BYTES;
  const sequence = hasSequence ? readUint32(bytes, at) : undefined;
  return { protocol: readUint16(bytes, start + 2), checksummed, key, sequence, payload: start + length, end };
}

/**
 * Writes a header at `offset` and returns where the payload goes; undefined for a field out of range. For a checksum,
 * call {@link sealGre} once the payload is there.
 */
export function encodeGre(bytes: Uint8Array, offset: Written, fields: GreFields): Written {
  const { protocol, checksummed = false, key, sequence } = fields;
  if (!hasRoom(bytes, offset, greHeaderBytes(fields)) || !isField(protocol, 0xffff)) return undefined;
  if (!isField(key ?? 0, 0xffff_ffff) || !isField(sequence ?? 0, 0xffff_ffff)) return undefined;

  const flags =
    (checksummed ? CHECKSUM_FLAG : 0) |
    (key === undefined ? 0 : KEY_FLAG) |
    (sequence === undefined ? 0 : SEQUENCE_FLAG);
  writeUint16(bytes, offset, flags);
  writeUint16(bytes, offset + 2, protocol);
  let at = offset + GRE_HEADER_BYTES;
  for (const word of [checksummed ? 0 : undefined, key, sequence]) {
    if (word === undefined) continue;
    writeUint32(bytes, at, word);
    at += WORD_BYTES;
  }
  return at;
}

/** Fills in the checksum of the packet at `offset`, if its header has one; the payload ends at `end`. */
export function sealGre(bytes: Uint8Array, offset: number, end: number): void {
  const at = offset + GRE_HEADER_BYTES;
  if (!hasRoom(bytes, at, WORD_BYTES)) return;
  writeUint32(bytes, at, 0);
  writeUint16(bytes, at, checksum(bytes, offset, end));
}
