/**
 * IGMP, all three versions: RFC 1112 appendix I, RFC 2236 §2 and RFC 3376 §4.
 *
 * ```
 *  0       1       2               4                               8
 *  +-------+-------+---------------+-------------------------------+
 *  | type  | resp. |   checksum    |             group             |  query 0x11; report 0x12 (v1), 0x16 (v2);
 *  +-------+-------+---+-----------+---------------+---------------+  leave 0x17
 *  8       9       10              12
 *  +-+-+---+-------+---------------+----------
 *  | |S|QRV| QQIC  |    sources n  | source …                         what a query of v3 goes on with
 *  +-+-+---+-------+---------------+----------
 *
 *  0       1       2               4               6               8
 *  +-------+-------+---------------+---------------+---------------+----------
 *  | 0x22  |   0   |   checksum    |       0       |   records     | record …  report of v3
 *  +-------+-------+---------------+---------------+---------------+----------
 *  0       1       2               4                               8
 *  +-------+-------+---------------+-------------------------------+----------
 *  | type  |aux len|   sources n   |             group             | source …, auxiliary words …
 *  +-------+-------+---------------+-------------------------------+----------
 * ```
 *
 * It goes in IPv4 with TTL 1 and the Router Alert option; the checksum is that of the message alone.
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
import { decodeTimeCode, encodeTimeCode } from "./time-code.ts";

/** IP protocol number (IANA). */
export const PROTOCOL_IGMP = 2;

/** Length in bytes of all messages except those of v3. */
export const IGMP_BYTES = 8;
/** Length of a query of v3 without sources, in bytes. */
export const IGMP_V3_QUERY_BYTES = 12;

/** The destination of general queries: 224.0.0.1. */
export const ALL_SYSTEMS: Ipv4Address = 0xe000_0001;

/** The IPv4 option Router Alert (RFC 2113 §2.1), for `Ipv4Header.options`: routers read packets not addressed to them. */
export const ROUTER_ALERT_OPTION: Uint8Array = Uint8Array.of(0x94, 4, 0, 0);

const TYPE_QUERY = 0x11;
const TYPE_V1_REPORT = 0x12;
const TYPE_V2_REPORT = 0x16;
const TYPE_LEAVE = 0x17;
const TYPE_V3_REPORT = 0x22;

const CHECKSUM_OFFSET = 2;
const SUPPRESS = 0x08;
const MAX_ROBUSTNESS = 7;
const ADDRESS_BYTES = 4;
const RECORD_HEADER_BYTES = 8;
/** Response codes count tenths of a second. */
const RESPONSE_UNIT_MS = 100;
/** Time that hosts have to answer a query of v1, which has no field for it (RFC 2236 §4). */
const V1_RESPONSE_MS = 10_000;
/** Mantissa of the 8-bit codes of v3. */
const MANTISSA_BITS = 4;

/** A question for the members of a group, or of all groups. */
export interface IgmpQuery {
  readonly kind: "query";
  readonly version: 1 | 2 | 3;
  /** 0 in a general query. */
  readonly group: Ipv4Address;
  /** Time that hosts have to answer, in milliseconds. */
  readonly maxResponseMs: number;
  /** v3's S flag: routers must not change their timers. */
  readonly suppress: boolean;
  /** v3's querier's robustness variable; 0 if the query has none. */
  readonly robustness: number;
  /** v3's interval between general queries, in seconds; 0 if the query has none. */
  readonly intervalSeconds: number;
  /** Number of sources that it asks about; 0 in a query that is not source-specific. */
  readonly sources: number;
}

/** A report of v1 or v2, or a leave of v2. */
export interface IgmpMembership {
  readonly kind: "report" | "leave";
  readonly version: 1 | 2;
  readonly group: Ipv4Address;
}

/** A report of v3. */
export interface IgmpRecords {
  readonly kind: "records";
  /** The complete records; a count beyond the end is ignored. */
  readonly records: readonly IgmpRecord[];
}

/** One record of a report, about one group. */
export interface IgmpRecord {
  /** As in group-record.ts. */
  readonly type: number;
  readonly group: Ipv4Address;
  /** Number of sources that it lists. */
  readonly sources: number;
}

export type Igmp = IgmpQuery | IgmpMembership | IgmpRecords;

/** The fields that {@link encodeIgmpQuery} needs. Times are rounded down to a value that their codes can express. */
export type IgmpQueryFields = Pick<IgmpQuery, "group" | "maxResponseMs"> &
  (
    | { readonly version: 2 }
    | ({ readonly version: 3 } & Pick<IgmpQuery, "suppress" | "robustness" | "intervalSeconds">)
  );

/**
 * Decodes the IGMP message that fills [start, end), and checks its checksum. Never throws. Messages other than those of
 * RFC 2236 and RFC 3376 are `bad-type`.
 */
export function decodeIgmp(bytes: Uint8Array, start: number, end: number): Igmp | Malformed {
  if (!holds(bytes, start, end, IGMP_BYTES)) return new Malformed("igmp", "truncated");
  const type = bytes[start];
  const known = type === TYPE_QUERY || type === TYPE_V3_REPORT || membershipOf(type) !== undefined;
  if (!known) return new Malformed("igmp", "bad-type");
  if (checksum(bytes, start, end) !== 0) return new Malformed("igmp", "bad-checksum");
  if (type === TYPE_QUERY) return readQuery(bytes, start, end);
  if (type === TYPE_V3_REPORT) return { kind: "records", records: readRecords(bytes, start, end) };
  const membership = membershipOf(type);
  if (membership === undefined) return new Malformed("igmp", "bad-type");
  return { ...membership, group: readUint32(bytes, start + 4) };
}

/**
 * Writes a query without sources and its checksum at `offset` and returns the offset after it; undefined for a
 * field out of range.
 */
export function encodeIgmpQuery(bytes: Uint8Array, offset: Written, query: IgmpQueryFields): Written {
  const isV3 = query.version === 3;
  const length = isV3 ? IGMP_V3_QUERY_BYTES : IGMP_BYTES;
  if (!hasRoom(bytes, offset, length) || !isField(query.group, 0xffff_ffff)) return undefined;
  const response = Math.floor(query.maxResponseMs / RESPONSE_UNIT_MS);
  const responseCode = isV3 ? encodeTimeCode(response, MANTISSA_BITS) : response;
  if (responseCode === undefined || !isField(responseCode, 0xff)) return undefined;
  if (isV3) {
    const intervalCode = encodeTimeCode(query.intervalSeconds, MANTISSA_BITS);
    if (intervalCode === undefined || !isField(query.robustness, MAX_ROBUSTNESS)) return undefined;
    bytes[offset + 8] = (query.suppress ? SUPPRESS : 0) | query.robustness;
    bytes[offset + 9] = intervalCode;
    writeUint16(bytes, offset + 10, 0);
  }
  const end = offset + length;
  bytes[offset] = TYPE_QUERY;
  bytes[offset + 1] = responseCode;
  writeUint16(bytes, offset + CHECKSUM_OFFSET, 0);
  writeUint32(bytes, offset + 4, query.group);
  writeUint16(bytes, offset + CHECKSUM_OFFSET, checksum(bytes, offset, end));
  return end;
}

function membershipOf(type: number | undefined): Pick<IgmpMembership, "kind" | "version"> | undefined {
  if (type === TYPE_V1_REPORT) return { kind: "report", version: 1 };
  if (type === TYPE_V2_REPORT) return { kind: "report", version: 2 };
  if (type === TYPE_LEAVE) return { kind: "leave", version: 2 };
  return undefined;
}

/** Reads a query. Its length and a response time of 0 tell its version (RFC 3376 §7.1). */
function readQuery(bytes: Uint8Array, start: number, end: number): IgmpQuery | Malformed {
  const length = end - start;
  const code = bytes[start + 1] ?? 0;
  const group = readUint32(bytes, start + 4);
  if (length === IGMP_BYTES) {
    return {
      kind: "query",
      version: code === 0 ? 1 : 2,
      group,
      maxResponseMs: code === 0 ? V1_RESPONSE_MS : code * RESPONSE_UNIT_MS,
      suppress: false,
      robustness: 0,
      intervalSeconds: 0,
      sources: 0,
    };
  }
  if (length < IGMP_V3_QUERY_BYTES) return new Malformed("igmp", "bad-length");
  const sources = readUint16(bytes, start + 10);
  if (IGMP_V3_QUERY_BYTES + sources * ADDRESS_BYTES > length) return new Malformed("igmp", "truncated");
  const flags = bytes[start + 8] ?? 0;
  return {
    kind: "query",
    version: 3,
    group,
    maxResponseMs: decodeTimeCode(code, MANTISSA_BITS) * RESPONSE_UNIT_MS,
    suppress: (flags & SUPPRESS) !== 0,
    robustness: flags & MAX_ROBUSTNESS,
    intervalSeconds: decodeTimeCode(bytes[start + 9] ?? 0, MANTISSA_BITS),
    sources,
  };
}

function readRecords(bytes: Uint8Array, start: number, end: number): IgmpRecord[] {
  const records: IgmpRecord[] = [];
  let offset = start + IGMP_BYTES;
  for (let left = readUint16(bytes, start + 6); left > 0 && offset + RECORD_HEADER_BYTES <= end; left--) {
    const sources = readUint16(bytes, offset + 2);
    const next = offset + RECORD_HEADER_BYTES + (sources + (bytes[offset + 1] ?? 0)) * ADDRESS_BYTES;
    if (next > end) break;
    records.push({ type: bytes[offset] ?? 0, group: readUint32(bytes, offset + 4), sources });
    offset = next;
  }
  return records;
}
