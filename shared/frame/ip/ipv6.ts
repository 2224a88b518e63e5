/**
 * The fixed IPv6 header, RFC 8200 §3, and the list of headers that may extend it. Coders here treat those as payload.
 *
 * ```
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-------+---------------+---------------------------------------+
 * |   6   | traffic class |              flow label               |
 * +-------+---------------+-------+---------------+---------------+
 * |        payload length         |  next header  |   hop limit   |
 * +-------------------------------+---------------+---------------+
 * |                       source, 16 bytes                        |
 * +---------------------------------------------------------------+
 * |                    destination, 16 bytes                      |
 * +---------------------------------------------------------------+
 * ```
 */
import type { Ipv6Address } from "../address.ts";
import {
  hasRoom,
  holds,
  isField,
  isUint128,
  readUint16,
  readUint32,
  readUint128,
  type Written,
  writeUint16,
  writeUint32,
  writeUint128,
} from "../bytes.ts";
import { Malformed } from "../malformed.ts";

/** Length of the fixed header in bytes. */
export const IPV6_HEADER_BYTES = 40;

/** The hop-by-hop options header as IPv6's next header. */
export const HOP_BY_HOP = 0;
/** The fragment header, which is always 8 bytes long. */
export const FRAGMENT_HEADER = 44;
const ROUTING = 43;
const AUTHENTICATION = 51;
const DESTINATION_OPTIONS = 60;
const MOBILITY = 135;
const HIP = 139;
const SHIM6 = 140;

/** The least length of an extension header, and the unit in which the longer ones count, in bytes. */
export const EXTENSION_UNIT = 8;

const DEFAULT_HOP_LIMIT = 64;

/** The fields of a fixed IPv6 header. */
export interface Ipv6Header {
  /** DSCP and ECN, 8 bits. */
  readonly trafficClass: number;
  /** 20 bits. */
  readonly flowLabel: number;
  /** In bytes, with any extension headers. */
  readonly payloadLength: number;
  /** A protocol number, as in IPv4, or that of an extension header. */
  readonly nextHeader: number;
  readonly hopLimit: number;
  readonly source: Ipv6Address;
  readonly destination: Ipv6Address;
}

/** A decoded header: the payload is [payload, end), without the frame's padding. */
export interface Ipv6 extends Ipv6Header {
  readonly payload: number;
  readonly end: number;
}

/** The fields that {@link encodeIpv6} needs; the rest has defaults (0, hop limit 64). */
export type Ipv6Fields = Pick<Ipv6Header, "nextHeader" | "source" | "destination" | "payloadLength"> &
  Partial<Ipv6Header>;

/** Decodes the packet at the start of [start, end). Never throws. */
export function decodeIpv6(bytes: Uint8Array, start: number, end: number): Ipv6 | Malformed {
  if (!holds(bytes, start, end, IPV6_HEADER_BYTES)) return new Malformed("ipv6", "truncated");
  const first = readUint32(bytes, start);
  if (first >>> 28 !== 6) return new Malformed("ipv6", "bad-version");
  const payloadLength = readUint16(bytes, start + 4);
  const payload = start + IPV6_HEADER_BYTES;
  if (payload + payloadLength > end) return new Malformed("ipv6", "truncated");
  return {
    trafficClass: (first >>> 20) & 0xff,
    flowLabel: first & 0xf_ffff,
    payloadLength,
    nextHeader: bytes[start + 6] ?? 0,
    hopLimit: bytes[start + 7] ?? 0,
    source: readUint128(bytes, start + 8),
    destination: readUint128(bytes, start + 24),
    payload,
    end: payload + payloadLength,
  };
}

/**
 * Returns whether a next header is an extension header, so that another header may follow it.
 *
 * The list is IANA's "IPv6 Extension Header Types" (RFC 7045 section 4) with three exceptions. Everything behind ESP (50)
 * is encrypted. 253 and 254 are for experiments, and a machine that does not know them discards the packet (RFC 8200
 * section 4). The same holds for unassigned numbers: they may be protocols, and not only new extension headers in the
 * format of RFC 6564.
 */
export function isExtensionHeader(nextHeader: number): boolean {
  switch (nextHeader) {
    case HOP_BY_HOP:
    case ROUTING:
    case FRAGMENT_HEADER:
    case AUTHENTICATION:
    case DESTINATION_OPTIONS:
    case MOBILITY:
    case HIP:
    case SHIM6:
      return true;
    default:
      return false;
  }
}

/**
 * Returns the length in bytes of an extension header other than the fragment header.
 *
 * @param length its length field: units of 8 bytes without the first (RFC 6564 section 4); in an authentication header
 *   units of 4 without two (RFC 4302 section 2.2)
 */
export function extensionHeaderBytes(header: number, length: number): number {
  return header === AUTHENTICATION ? (length + 2) * 4 : (length + 1) * EXTENSION_UNIT;
}

/**
 * Writes a header at `offset` and returns where the payload goes; undefined for a field out of range.
 */
export function encodeIpv6(bytes: Uint8Array, offset: Written, fields: Ipv6Fields): Written {
  const { trafficClass = 0, flowLabel = 0, hopLimit = DEFAULT_HOP_LIMIT } = fields;
  const { payloadLength, nextHeader, source, destination } = fields;
  if (!hasRoom(bytes, offset, IPV6_HEADER_BYTES)) return undefined;
  if (!isField(trafficClass, 0xff) || !isField(flowLabel, 0xf_ffff)) return undefined;
  if (!isField(payloadLength, 0xffff) || !isField(nextHeader, 0xff) || !isField(hopLimit, 0xff))
    return undefined;
  if (!isUint128(source) || !isUint128(destination)) return undefined;

  writeUint32(bytes, offset, (6 << 28) | (trafficClass << 20) | flowLabel);
  writeUint16(bytes, offset + 4, payloadLength);
  bytes[offset + 6] = nextHeader;
  bytes[offset + 7] = hopLimit;
  writeUint128(bytes, offset + 8, source);
  writeUint128(bytes, offset + 24, destination);
  return offset + IPV6_HEADER_BYTES;
}
