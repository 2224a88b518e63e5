/**
 * Echo request and reply of ICMP (RFC 792) and ICMPv6 (RFC 4443 §4). They differ in their types and in the bytes that
 * the checksum covers:
 *
 * ```
 *  0       1       2               4               6               8
 *  +-------+-------+---------------+---------------+---------------+--------
 *  | type  | code 0|   checksum    |  identifier   |   sequence    | data …
 *  +-------+-------+---------------+---------------+---------------+--------
 * ```
 */
import type { Ipv6Address } from "../address.ts";
import { hasRoom, holds, isField, isUint128, readUint16, type Written, writeUint16 } from "../bytes.ts";
import { checksum, sumPseudoHeader } from "../checksum.ts";
import { Malformed } from "../malformed.ts";
import { PROTOCOL_ICMPV6 } from "./ipv4.ts";

/** Length of an echo's header in bytes. */
export const ECHO_HEADER_BYTES = 8;

const CHECKSUM_OFFSET = 2;

interface EchoTypes {
  readonly request: number;
  readonly reply: number;
}

const ICMP: EchoTypes = { request: 8, reply: 0 };
const ICMPV6: EchoTypes = { request: 128, reply: 129 };

/** The fields of an echo. */
export interface Echo {
  readonly kind: "request" | "reply";
  readonly identifier: number;
  readonly sequence: number;
  /** A view of the input, if a decoder returned it. */
  readonly data: Uint8Array;
}

/**
 * Decodes the ICMP echo that fills [start, end). Never throws; other messages are `bad-type`. For its
 * checksum see {@link isIcmpIntact}.
 */
export function decodeIcmpEcho(bytes: Uint8Array, start: number, end: number): Echo | Malformed {
  if (!holds(bytes, start, end, ECHO_HEADER_BYTES)) return new Malformed("icmp", "truncated");
  return readEcho(bytes, start, end, ICMP) ?? new Malformed("icmp", "bad-type");
}

/**
 * Decodes the ICMPv6 echo that fills [start, end). Never throws; other messages are `bad-type`. For its
 * checksum see {@link isIcmpv6Intact}.
 */
export function decodeIcmpv6Echo(bytes: Uint8Array, start: number, end: number): Echo | Malformed {
  if (!holds(bytes, start, end, ECHO_HEADER_BYTES)) return new Malformed("icmpv6", "truncated");
  return readEcho(bytes, start, end, ICMPV6) ?? new Malformed("icmpv6", "bad-type");
}

/**
 * Writes an ICMP echo, its data and its checksum at `offset` and returns the offset after them; undefined for a field out of
 * range.
 */
export function encodeIcmpEcho(bytes: Uint8Array, offset: Written, echo: Echo): Written {
  return writeEcho(bytes, offset, echo, ICMP, 0);
}

/** Does the same for ICMPv6, whose checksum covers the addresses of the packet around it. */
export function encodeIcmpv6Echo(
  bytes: Uint8Array,
  offset: Written,
  echo: Echo,
  source: Ipv6Address,
  destination: Ipv6Address,
): Written {
  if (!isUint128(source) || !isUint128(destination)) return undefined;
  const length = ECHO_HEADER_BYTES + echo.data.length;
  const sum = sumPseudoHeader(source, destination, PROTOCOL_ICMPV6, length);
  return writeEcho(bytes, offset, echo, ICMPV6, sum);
}

/**
 * Returns whether the checksum of the ICMP message that fills [start, end) is right. Not for messages with a checksum
 * that an offload has yet to fill in.
 */
export function isIcmpIntact(bytes: Uint8Array, start: number, end: number): boolean {
  return holds(bytes, start, end, ECHO_HEADER_BYTES) && checksum(bytes, start, end) === 0;
}

/** Does the same for ICMPv6, with the addresses of the packet around it. */
export function isIcmpv6Intact(
  bytes: Uint8Array,
  start: number,
  end: number,
  source: Ipv6Address,
  destination: Ipv6Address,
): boolean {
  if (!holds(bytes, start, end, CHECKSUM_OFFSET + 2)) return false;
  const sum = sumPseudoHeader(source, destination, PROTOCOL_ICMPV6, end - start);
  return checksum(bytes, start, end, sum) === 0;
}

function readEcho(bytes: Uint8Array, start: number, end: number, types: EchoTypes): Echo | undefined {
  const type = bytes[start];
  if ((type !== types.request && type !== types.reply) || bytes[start + 1] !== 0) return undefined;
  return {
    kind: type === types.request ? "request" : "reply",
    identifier: readUint16(bytes, start + 4),
    sequence: readUint16(bytes, start + 6),
    data: bytes.subarray(start + ECHO_HEADER_BYTES, end),
  };
}

function writeEcho(bytes: Uint8Array, offset: Written, echo: Echo, types: EchoTypes, sum: number): Written {
  const length = ECHO_HEADER_BYTES + echo.data.length;
  if (!hasRoom(bytes, offset, length)) return undefined;
  if (!isField(echo.identifier, 0xffff) || !isField(echo.sequence, 0xffff)) return undefined;
  const end = offset + length;

  // Copies the data first: it may be a view of this buffer, if a request becomes its reply in place.
  bytes.set(echo.data, offset + ECHO_HEADER_BYTES);
  bytes[offset] = types[echo.kind];
  bytes[offset + 1] = 0;
  writeUint16(bytes, offset + CHECKSUM_OFFSET, 0);
  writeUint16(bytes, offset + 4, echo.identifier);
  writeUint16(bytes, offset + 6, echo.sequence);
  writeUint16(bytes, offset + CHECKSUM_OFFSET, checksum(bytes, offset, end, sum));
  return end;
}
