/**
 * The IPv4 header, RFC 791 §3.1, with the DS and ECN fields of RFC 2474 and RFC 3168:
 *
 * ```
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-------+-------+-----------+---+-------------------------------+
 * |   4   |  IHL  |   DSCP    |ECN|         total length          |
 * +-------+-------+-----------+---+-+-+-+-------------------------+
 * |        identification         |0|D|M|     fragment offset     |
 * +---------------+---------------+-+-+-+-------------------------+
 * |      TTL      |   protocol    |        header checksum        |
 * +---------------+---------------+-------------------------------+
 * |                            source                             |
 * +---------------------------------------------------------------+
 * |                          destination                          |
 * +---------------------------------------------------------------+
 * |                     options, 0–40 bytes                       |
 * +---------------------------------------------------------------+
 * ```
 */
import type { Ipv4Address } from "../address.ts";
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

/** Length of a header without options, in bytes. */
export const IPV4_HEADER_BYTES = 20;

/** IP protocol numbers (IANA), which are IPv6's next header too. */
export const PROTOCOL_ICMP = 1;
export const PROTOCOL_TCP = 6;
export const PROTOCOL_UDP = 17;
export const PROTOCOL_ICMPV6 = 58;

const DONT_FRAGMENT = 0x4000;
const MORE_FRAGMENTS = 0x2000;
const MAX_FRAGMENT_OFFSET = 0x1fff;
const MAX_OPTION_BYTES = 40;
/** Greatest length of a packet, also of a reassembled one (RFC 791 section 3.1). */
const MAX_PACKET_BYTES = 0xffff;
/** Unit of a fragment's offset, in bytes. */
const FRAGMENT_UNIT = 8;
/** RFC 1700's recommendation, and Linux's default. */
const DEFAULT_TTL = 64;
const NO_OPTIONS = new Uint8Array(0);

/** The fields of an IPv4 header. */
export interface Ipv4Header {
  /** Differentiated services code point, 6 bits. */
  readonly dscp: number;
  /** Explicit congestion notification, 2 bits. */
  readonly ecn: number;
  readonly identification: number;
  readonly dontFragment: boolean;
  readonly moreFragments: boolean;
  /** In units of 8 bytes, 13 bits. */
  readonly fragmentOffset: number;
  readonly ttl: number;
  readonly protocol: number;
  readonly source: Ipv4Address;
  readonly destination: Ipv4Address;
  /** As on the wire, a multiple of 4 bytes; a view of the input, if a decoder returned it. */
  readonly options: Uint8Array;
  /** In bytes. */
  readonly payloadLength: number;
}

/** A decoded header: the payload is [payload, end), without the frame's padding. */
export interface Ipv4 extends Ipv4Header {
  readonly payload: number;
  readonly end: number;
}

/** The fields that {@link encodeIpv4} needs; the rest has defaults (0, false, none, TTL 64). */
export type Ipv4Fields = Pick<Ipv4Header, "protocol" | "source" | "destination" | "payloadLength"> &
  Partial<Ipv4Header>;

/**
 * Decodes the packet at the start of [start, end). Never throws. Checks the header's checksum, as RFC 1122 §3.2.1.2
 * demands: no offload leaves it unfinished. A fragment that ends beyond the greatest length of a packet ("ping of
 * death") is `bad-length`.
 */
export function decodeIpv4(bytes: Uint8Array, start: number, end: number): Ipv4 | Malformed {
  if (!holds(bytes, start, end, IPV4_HEADER_BYTES)) return new Malformed("ipv4", "truncated");
  const first = bytes[start] ?? 0;
  if (first >>> 4 !== 4) return new Malformed("ipv4", "bad-version");
  const headerLength = (first & 0x0f) * 4;
  const totalLength = readUint16(bytes, start + 2);
  if (headerLength < IPV4_HEADER_BYTES || totalLength < headerLength) {
    return new Malformed("ipv4", "bad-length");
  }
  if (start + totalLength > end) return new Malformed("ipv4", "truncated");
  const payload = start + headerLength;
  if (checksum(bytes, start, payload) !== 0) return new Malformed("ipv4", "bad-checksum");
  const service = bytes[start + 1] ?? 0;
  const fragment = readUint16(bytes, start + 6);
  if ((fragment & MAX_FRAGMENT_OFFSET) * FRAGMENT_UNIT + totalLength > MAX_PACKET_BYTES) {
    return new Malformed("ipv4", "bad-length");
  }
  return {
    dscp: service >>> 2,
    ecn: service & 0x03,
    identification: readUint16(bytes, start + 4),
    dontFragment: (fragment & DONT_FRAGMENT) !== 0,
    moreFragments: (fragment & MORE_FRAGMENTS) !== 0,
    fragmentOffset: fragment & MAX_FRAGMENT_OFFSET,
    ttl: bytes[start + 8] ?? 0,
    protocol: bytes[start + 9] ?? 0,
    source: readUint32(bytes, start + 12),
    destination: readUint32(bytes, start + 16),
    options: bytes.subarray(start + IPV4_HEADER_BYTES, payload),
    payloadLength: totalLength - headerLength,
    payload,
    end: start + totalLength,
  };
}

/**
 * Writes a header with its checksum at `offset` and returns where the payload goes; undefined for a field out of range,
 * or
 * a fragment that ends beyond the greatest length of a packet.
 */
export function encodeIpv4(bytes: Uint8Array, offset: Written, fields: Ipv4Fields): Written {
  const { dscp = 0, ecn = 0, identification = 0, fragmentOffset = 0, ttl = DEFAULT_TTL } = fields;
  const { protocol, source, destination, payloadLength, options = NO_OPTIONS } = fields;
  const headerLength = IPV4_HEADER_BYTES + options.length;
  const before = fragmentOffset * FRAGMENT_UNIT;
  if (!hasRoom(bytes, offset, headerLength)) return undefined;
  if (!isField(options.length / 4, MAX_OPTION_BYTES / 4)) return undefined;
  if (!isField(fragmentOffset, MAX_FRAGMENT_OFFSET)) return undefined;
  if (!isField(payloadLength, MAX_PACKET_BYTES - headerLength - before)) return undefined;
  if (!isField(dscp, 0x3f) || !isField(ecn, 0x03) || !isField(identification, 0xffff)) return undefined;
  if (!isField(ttl, 0xff) || !isField(protocol, 0xff)) return undefined;
  if (!isField(source, 0xffff_ffff) || !isField(destination, 0xffff_ffff)) return undefined;

  // Options first: they may be a view of this buffer, if the caller rewrites a header in place.
  bytes.set(options, offset + IPV4_HEADER_BYTES);
  bytes[offset] = 0x40 | (headerLength / 4);
  bytes[offset + 1] = (dscp << 2) | ecn;
  writeUint16(bytes, offset + 2, headerLength + payloadLength);
  writeUint16(bytes, offset + 4, identification);
  const flags = (fields.dontFragment ? DONT_FRAGMENT : 0) | (fields.moreFragments ? MORE_FRAGMENTS : 0);
  writeUint16(bytes, offset + 6, flags | fragmentOffset);
  bytes[offset + 8] = ttl;
  bytes[offset + 9] = protocol;
  writeUint16(bytes, offset + 10, 0);
  writeUint32(bytes, offset + 12, source);
  writeUint32(bytes, offset + 16, destination);
  writeUint16(bytes, offset + 10, checksum(bytes, offset, offset + headerLength));
  return offset + headerLength;
}
