/**
 * The UDP header, RFC 768:
 *
 * ```
 *  0               2               4               6               8
 *  +---------------+---------------+---------------+---------------+-----------
 *  |  source port  |  dest. port   |    length     |   checksum    | payload …
 *  +---------------+---------------+---------------+---------------+-----------
 * ```
 */
import type { IpAddress } from "../address.ts";
import { hasRoom, holds, isField, readUint16, type Written, writeUint16 } from "../bytes.ts";
import { checksum, sumPseudoHeader } from "../checksum.ts";
import { Malformed } from "../malformed.ts";
import { PROTOCOL_UDP } from "./ipv4.ts";

/** Length of the header in bytes. */
export const UDP_HEADER_BYTES = 8;

const LENGTH_OFFSET = 4;
const CHECKSUM_OFFSET = 6;

/** The fields of a UDP header. */
export interface UdpHeader {
  readonly sourcePort: number;
  readonly destinationPort: number;
  /** In bytes, without the header. */
  readonly payloadLength: number;
  /** As on the wire; 0 is none. */
  readonly checksum: number;
}

/** A decoded header: the payload is [payload, end). */
export interface Udp extends UdpHeader {
  readonly payload: number;
  readonly end: number;
}

/** The fields that {@link encodeUdp} needs; the checksum is 0, none, unless given. */
export type UdpFields = Omit<UdpHeader, "checksum"> & Partial<Pick<UdpHeader, "checksum">>;

/**
 * Decodes the datagram at the start of [start, end). Never throws. For its checksum see {@link
 * isUdpIntact}.
 */
export function decodeUdp(bytes: Uint8Array, start: number, end: number): Udp | Malformed {
  if (!holds(bytes, start, end, UDP_HEADER_BYTES)) return new Malformed("udp", "truncated");
  const length = readUint16(bytes, start + LENGTH_OFFSET);
  if (length < UDP_HEADER_BYTES) return new Malformed("udp", "bad-length");
  if (start + length > end) return new Malformed("udp", "truncated");
  return {
    sourcePort: readUint16(bytes, start),
    destinationPort: readUint16(bytes, start + 2),
    payloadLength: length - UDP_HEADER_BYTES,
    checksum: readUint16(bytes, start + CHECKSUM_OFFSET),
    payload: start + UDP_HEADER_BYTES,
    end: start + length,
  };
}

/**
 * Writes a header at `offset` and returns where the payload goes; undefined for a field out of range. VXLAN wants no
 * checksum (RFC 7348 §5); for other protocols call {@link sealUdp} once the payload is there.
 */
export function encodeUdp(bytes: Uint8Array, offset: Written, fields: UdpFields): Written {
  const { sourcePort, destinationPort, payloadLength, checksum: given = 0 } = fields;
  if (!hasRoom(bytes, offset, UDP_HEADER_BYTES)) return undefined;
  if (!isField(sourcePort, 0xffff) || !isField(destinationPort, 0xffff)) return undefined;
  if (!isField(payloadLength, 0xffff - UDP_HEADER_BYTES) || !isField(given, 0xffff)) return undefined;

  writeUint16(bytes, offset, sourcePort);
  writeUint16(bytes, offset + 2, destinationPort);
  writeUint16(bytes, offset + LENGTH_OFFSET, UDP_HEADER_BYTES + payloadLength);
  writeUint16(bytes, offset + CHECKSUM_OFFSET, given);
  return offset + UDP_HEADER_BYTES;
}

/**
 * Fills in the checksum of the datagram at `offset`, whose payload is in place, and returns the offset
 * after it; undefined if the datagram is longer than the buffer.
 */
export function sealUdp(
  bytes: Uint8Array,
  offset: Written,
  source: IpAddress,
  destination: IpAddress,
): Written {
  if (!hasRoom(bytes, offset, UDP_HEADER_BYTES)) return undefined;
  const length = readUint16(bytes, offset + LENGTH_OFFSET);
  if (length < UDP_HEADER_BYTES || !hasRoom(bytes, offset, length)) return undefined;
  writeUint16(bytes, offset + CHECKSUM_OFFSET, 0);
  const sum = sumPseudoHeader(source, destination, PROTOCOL_UDP, length);
  // 0 would mean no checksum; in one's complement 0xffff is the same number.
  writeUint16(bytes, offset + CHECKSUM_OFFSET, checksum(bytes, offset, offset + length, sum) || 0xffff);
  return offset + length;
}

/**
 * Returns whether the checksum of the datagram at the start of [start, end) is right. No checksum counts as
 * right over IPv4 only (RFC 8200 §8.1); tunnels that may omit it over IPv6 too (RFC 6935) check that themselves. Not for
 * datagrams whose checksum an offload has yet to fill in.
 */
export function isUdpIntact(
  bytes: Uint8Array,
  start: number,
  end: number,
  source: IpAddress,
  destination: IpAddress,
): boolean {
  const udp = decodeUdp(bytes, start, end);
  if (udp instanceof Malformed) return false;
  if (udp.checksum === 0) return typeof source === "number";
  const sum = sumPseudoHeader(source, destination, PROTOCOL_UDP, udp.end - start);
  return checksum(bytes, start, udp.end, sum) === 0;
}
