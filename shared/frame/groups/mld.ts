/**
 * Multicast Listener Discovery for IPv6, both versions: RFC 2710 §3 and RFC 3810 §5.
 *
 * ```
 *  0       1       2               4               6               8                    24
 *  +-------+-------+---------------+---------------+---------------+--------------------+
 *  | type  |   0   |   checksum    | response code |       0       |  group, 16 bytes   |  query 130,
 *  +-------+-------+---------------+---------------+---------------+--------------------+  report 131,
 *  24      25      26              28                                                      done 132
 *  +-+-+---+-------+---------------+----------
 *  | |S|QRV| QQIC  |    sources n  | source …                         what a query of v2 goes on with
 *  +-+-+---+-------+---------------+----------
 *
 *  0       1       2               4               6               8
 *  +-------+-------+---------------+---------------+---------------+----------
 *  |  143  |   0   |   checksum    |       0       |   records     | record …  report of v2
 *  +-------+-------+---------------+---------------+---------------+----------
 *  0       1       2               4                               20
 *  +-------+-------+---------------+-------------------------------+----------
 *  | type  |aux len|   sources n   |        group, 16 bytes        | source …, auxiliary words …
 *  +-------+-------+---------------+-------------------------------+----------
 * ```
 *
 * Messages are of ICMPv6, with hop limit 1, behind a hop-by-hop options header with the Router Alert option.
 */
import type { Ipv6Address } from "../address.ts";
import {
  hasRoom,
  holds,
  isField,
  isUint128,
  readUint16,
  readUint128,
  type Written,
  writeUint16,
  writeUint128,
} from "../bytes.ts";
import { checksum, sumPseudoHeader } from "../checksum.ts";
import { PROTOCOL_ICMPV6 } from "../ip/ipv4.ts";
import { Malformed } from "../malformed.ts";
import { decodeTimeCode, encodeTimeCode } from "./time-code.ts";

/** Length in bytes of all messages except those of v2. */
export const MLD_BYTES = 24;
/** Length of a query of v2 without sources, in bytes. */
export const MLD_V2_QUERY_BYTES = 28;
/** Length of the hop-by-hop options header that {@link encodeRouterAlert} writes, in bytes. */
export const ROUTER_ALERT_BYTES = 8;

/** The destination of general queries: ff02::1. */
export const ALL_NODES: Ipv6Address = 0xff02_0000_0000_0000_0000_0000_0000_0001n;

const TYPE_QUERY = 130;
const TYPE_V1_REPORT = 131;
const TYPE_DONE = 132;
const TYPE_V2_REPORT = 143;

const CHECKSUM_OFFSET = 2;
const GROUP_OFFSET = 8;
const SUPPRESS = 0x08;
const MAX_ROBUSTNESS = 7;
const ADDRESS_BYTES = 16;
const WORD_BYTES = 4;
const REPORT_HEADER_BYTES = 8;
const RECORD_HEADER_BYTES = 20;
/** Mantissa of the 16-bit response code. */
const RESPONSE_MANTISSA_BITS = 12;
/** Mantissa of the 8-bit interval code. */
const INTERVAL_MANTISSA_BITS = 4;

/** A question for the listeners of a group, or of all groups. */
export interface MldQuery {
  readonly kind: "query";
  readonly version: 1 | 2;
  /** 0n in a general query. */
  readonly group: Ipv6Address;
  /** Time that hosts have to answer, in milliseconds. */
  readonly maxResponseMs: number;
  /** v2's S flag: routers must not change their timers. */
  readonly suppress: boolean;
  /** v2's querier's robustness variable; 0 if the query has none. */
  readonly robustness: number;
  /** v2's interval between general queries, in seconds; 0 if the query has none. */
  readonly intervalSeconds: number;
  /** Number of sources that it asks about; 0 in a query that is not source-specific. */
  readonly sources: number;
}

/** A report or a done of v1. */
export interface MldMembership {
  readonly kind: "report" | "leave";
  readonly version: 1;
  readonly group: Ipv6Address;
}

/** A report of v2. */
export interface MldRecords {
  readonly kind: "records";
  /** The complete records; a count beyond the end is ignored. */
  readonly records: readonly MldRecord[];
}

/** One record of a report, about one group. */
export interface MldRecord {
  /** As in group-record.ts. */
  readonly type: number;
  readonly group: Ipv6Address;
  /** Number of sources that it lists. */
  readonly sources: number;
}

export type Mld = MldQuery | MldMembership | MldRecords;

/** The fields that {@link encodeMldQuery} needs. Times are rounded down to a value that their codes can express. */
export type MldQueryFields = Omit<MldQuery, "kind" | "version" | "sources">;

/** Returns whether a type of ICMPv6 is one of MLD's messages. */
export function isMldType(type: number | undefined): boolean {
  return type === TYPE_QUERY || type === TYPE_V1_REPORT || type === TYPE_DONE || type === TYPE_V2_REPORT;
}

/**
 * Decodes the MLD message that fills [start, end), the ICMPv6 header first. Never throws. Other messages are `bad-
 * type`. `isIcmpv6Intact` checks the checksum.
 */
export function decodeMld(bytes: Uint8Array, start: number, end: number): Mld | Malformed {
  if (!holds(bytes, start, end, REPORT_HEADER_BYTES)) return new Malformed("mld", "truncated");
  const type = bytes[start];
  if (type === TYPE_V2_REPORT) return { kind: "records", records: readRecords(bytes, start, end) };
  if (type !== TYPE_QUERY && type !== TYPE_V1_REPORT && type !== TYPE_DONE) {
    return new Malformed("mld", "bad-type");
  }
  if (!holds(bytes, start, end, MLD_BYTES)) return new Malformed("mld", "truncated");
  if (type === TYPE_QUERY) return readQuery(bytes, start, end);
  const group = readUint128(bytes, start + GROUP_OFFSET);
  return { kind: type === TYPE_DONE ? "leave" : "report", version: 1, group };
}

/**
 * Writes a query of v2 without sources at `offset` and returns the offset after it; undefined for a field out of range.
 * Its checksum covers the addresses of the IPv6 packet around it.
 */
export function encodeMldQuery(
  bytes: Uint8Array,
  offset: Written,
  query: MldQueryFields,
  source: Ipv6Address,
  destination: Ipv6Address,
): Written {
  if (!hasRoom(bytes, offset, MLD_V2_QUERY_BYTES)) return undefined;
  if (!isUint128(source) || !isUint128(destination) || !isUint128(query.group)) return undefined;
  const responseCode = encodeTimeCode(query.maxResponseMs, RESPONSE_MANTISSA_BITS);
  const intervalCode = encodeTimeCode(query.intervalSeconds, INTERVAL_MANTISSA_BITS);
  if (responseCode === undefined || intervalCode === undefined) return undefined;
  if (!isField(query.robustness, MAX_ROBUSTNESS)) return undefined;

  const end = offset + MLD_V2_QUERY_BYTES;
  bytes.fill(0, offset, end);
  bytes[offset] = TYPE_QUERY;
  writeUint16(bytes, offset + 4, responseCode);
  writeUint128(bytes, offset + GROUP_OFFSET, query.group);
  bytes[offset + 24] = (query.suppress ? SUPPRESS : 0) | query.robustness;
  bytes[offset + 25] = intervalCode;
  const sum = sumPseudoHeader(source, destination, PROTOCOL_ICMPV6, MLD_V2_QUERY_BYTES);
  writeUint16(bytes, offset + CHECKSUM_OFFSET, checksum(bytes, offset, end, sum));
  return end;
}

/**
 * Writes a hop-by-hop options header (RFC 8200 §4.3) with Router Alert for MLD (RFC 2711 §2.1), to be followed
 * by an ICMPv6 message, at `offset` and returns the offset after it; undefined if it does not fit.
 */
export function encodeRouterAlert(bytes: Uint8Array, offset: Written): Written {
  if (!hasRoom(bytes, offset, ROUTER_ALERT_BYTES)) return undefined;
  // Next header, length beyond 8 bytes; Router Alert, two bytes, 0 for MLD; PadN for the two left.
  bytes.set([PROTOCOL_ICMPV6, 0, 5, 2, 0, 0, 1, 0], offset);
  return offset + ROUTER_ALERT_BYTES;
}

/** Reads a query. Its length tells its version (RFC 3810 §8.1). */
function readQuery(bytes: Uint8Array, start: number, end: number): MldQuery | Malformed {
  const length = end - start;
  const code = readUint16(bytes, start + 4);
  const group = readUint128(bytes, start + GROUP_OFFSET);
  if (length === MLD_BYTES) {
    return {
      kind: "query",
      version: 1,
      group,
      maxResponseMs: code,
      suppress: false,
      robustness: 0,
      intervalSeconds: 0,
      sources: 0,
    };
  }
  if (length < MLD_V2_QUERY_BYTES) return new Malformed("mld", "bad-length");
  const sources = readUint16(bytes, start + 26);
  if (MLD_V2_QUERY_BYTES + sources * ADDRESS_BYTES > length) return new Malformed("mld", "truncated");
  const flags = bytes[start + 24] ?? 0;
  return {
    kind: "query",
    version: 2,
    group,
    maxResponseMs: decodeTimeCode(code, RESPONSE_MANTISSA_BITS),
    suppress: (flags & SUPPRESS) !== 0,
    robustness: flags & MAX_ROBUSTNESS,
    intervalSeconds: decodeTimeCode(bytes[start + 25] ?? 0, INTERVAL_MANTISSA_BITS),
    sources,
  };
}

function readRecords(bytes: Uint8Array, start: number, end: number): MldRecord[] {
  const records: MldRecord[] = [];
  let offset = start + REPORT_HEADER_BYTES;
  for (let left = readUint16(bytes, start + 6); left > 0 && offset + RECORD_HEADER_BYTES <= end; left--) {
    const sources = readUint16(bytes, offset + 2);
    const auxiliary = (bytes[offset + 1] ?? 0) * WORD_BYTES;
    const next = offset + RECORD_HEADER_BYTES + sources * ADDRESS_BYTES + auxiliary;
    if (next > end) break;
    records.push({ type: bytes[offset] ?? 0, group: readUint128(bytes, offset + 4), sources });
    offset = next;
  }
  return records;
}
