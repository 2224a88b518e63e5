/**
 * Builds the error that a router sends to the source of a packet it drops: ICMP (RFC 792, and RFC 1191 section 4 for the
 * MTU) or ICMPv6 (RFC 4443 section 3). Both quote the packet:
 *
 * ```
 *  0       1       2               4               6               8
 *  +-------+-------+---------------+---------------+---------------+-----------------------------
 *  | type  | code  |   checksum    |   0   or   MTU, 32 bits       | the packet, as far as it fits
 *  +-------+-------+---------------+-------------------------------+-----------------------------
 * ```
 */
import type { IpAddress } from "../address.ts";
import { writeUint16, writeUint32 } from "../bytes.ts";
import { checksum, sumPseudoHeader } from "../checksum.ts";
import { Malformed } from "../malformed.ts";
import { decodeIpv4, encodeIpv4, IPV4_HEADER_BYTES, PROTOCOL_ICMP, PROTOCOL_ICMPV6 } from "./ipv4.ts";
import { decodeIpv6, encodeIpv6, IPV6_HEADER_BYTES } from "./ipv6.ts";

const ICMP_HEADER_BYTES = 8;

/** Greatest length of an ICMP error with its IP header (RFC 1812 section 4.3.2.3). */
const ICMP_ERROR_BYTES = 576;

/** The same for ICMPv6 (RFC 4443 section 2.4): the least MTU. */
const ICMPV6_ERROR_BYTES = 1280;

/** ICMP messages that are no errors. Only these may be answered by an error (RFC 1122 section 3.2.2). */
const ICMP_QUERIES: ReadonlySet<number> = new Set([0, 8, 13, 14, 15, 16, 17, 18]);

/** ICMPv6 messages from here on are no errors. */
const ICMPV6_INFORMATIONAL = 128;

/** The reason why a packet is dropped; for `too-big` with the greatest length of a packet in bytes. */
export type IcmpProblem =
  | { readonly kind: "too-big"; readonly mtu: number }
  | { readonly kind: "hop-limit" | "no-route" | "no-host" };

/** Type and code. */
const ICMP_CODES = {
  "too-big": [3, 4],
  "hop-limit": [11, 0],
  "no-route": [3, 0],
  "no-host": [3, 1],
} as const satisfies Record<IcmpProblem["kind"], readonly [number, number]>;

const ICMPV6_CODES = {
  "too-big": [2, 0],
  "hop-limit": [3, 0],
  "no-route": [1, 0],
  "no-host": [1, 3],
} as const satisfies Record<IcmpProblem["kind"], readonly [number, number]>;

export interface IcmpErrorOptions {
  /** Bytes to leave free in front of the answer, such as for an Ethernet header. */
  readonly room: number;
  /** The sender of the error: the packet's destination unless given. */
  readonly from?: IpAddress;
  /** Greatest length of the answer in bytes, if the MTU of the return path is less than the RFCs allow. */
  readonly most?: number;
}

/** Least number of the payload's bytes to quote: ports, or an echo's identifier (RFC 792). */
const QUOTED_PAYLOAD_BYTES = 8;

/**
 * Builds the packet that answers the IP packet at [packet, end).
 *
 * @returns undefined if the RFCs forbid an answer (RFC 1122 section 3.2.2, RFC 4443 section 2.4 (e)): for a packet that
 * is not IP, an error, a later fragment, a packet from or to a group, or with `too-big` an IPv4 packet without DF; also
 * if the quote does not fit
 */
export function icmpError(
  bytes: Uint8Array,
  packet: number,
  end: number,
  problem: IcmpProblem,
  options: IcmpErrorOptions,
): Uint8Array | undefined {
  const version = (bytes[packet] ?? 0) >>> 4;
  if (version === 4) return errorOfIpv4(bytes, packet, end, problem, options);
  return version === 6 ? errorOfIpv6(bytes, packet, end, problem, options) : undefined;
}

function errorOfIpv4(
  bytes: Uint8Array,
  packet: number,
  end: number,
  problem: IcmpProblem,
  { room, from, most = ICMP_ERROR_BYTES }: IcmpErrorOptions,
): Uint8Array | undefined {
  const ip = decodeIpv4(bytes, packet, end);
  if (ip instanceof Malformed || ip.fragmentOffset !== 0) return undefined;
  if (problem.kind === "too-big" && !ip.dontFragment) return undefined;
  if (!isUnicastIpv4(ip.source) || !isUnicastIpv4(ip.destination)) return undefined;
  if (ip.protocol === PROTOCOL_ICMP && !ICMP_QUERIES.has(bytes[ip.payload] ?? -1)) return undefined;
  const space = Math.min(ICMP_ERROR_BYTES, most) - IPV4_HEADER_BYTES - ICMP_HEADER_BYTES;
  const quoted = Math.min(ip.end - packet, space);
  if (packet + quoted < Math.min(ip.end, ip.payload + QUOTED_PAYLOAD_BYTES)) return undefined;
  const answer = new Uint8Array(room + IPV4_HEADER_BYTES + ICMP_HEADER_BYTES + quoted);
  const icmp = encodeIpv4(answer, room, {
    protocol: PROTOCOL_ICMP,
    source: typeof from === "number" ? from : ip.destination,
    destination: ip.source,
    payloadLength: ICMP_HEADER_BYTES + quoted,
  });
  if (icmp === undefined) return undefined;
  const [type, code] = ICMP_CODES[problem.kind];
  answer[icmp] = type;
  answer[icmp + 1] = code;
  if (problem.kind === "too-big") writeUint16(answer, icmp + 6, Math.min(problem.mtu, 0xffff));
  answer.set(bytes.subarray(packet, packet + quoted), icmp + ICMP_HEADER_BYTES);
  writeUint16(answer, icmp + 2, checksum(answer, icmp, answer.length));
  return answer;
}

function errorOfIpv6(
  bytes: Uint8Array,
  packet: number,
  end: number,
  problem: IcmpProblem,
  { room, from, most = ICMPV6_ERROR_BYTES }: IcmpErrorOptions,
): Uint8Array | undefined {
  const ip = decodeIpv6(bytes, packet, end);
  if (ip instanceof Malformed) return undefined;
  if (!isUnicastIpv6(ip.source) || !isUnicastIpv6(ip.destination)) return undefined;
  if (ip.nextHeader === PROTOCOL_ICMPV6 && (bytes[ip.payload] ?? 0) < ICMPV6_INFORMATIONAL) return undefined;
  const space = Math.min(ICMPV6_ERROR_BYTES, most) - IPV6_HEADER_BYTES - ICMP_HEADER_BYTES;
  const quoted = Math.min(ip.end - packet, space);
  if (packet + quoted < Math.min(ip.end, ip.payload + QUOTED_PAYLOAD_BYTES)) return undefined;
  const length = ICMP_HEADER_BYTES + quoted;
  const answer = new Uint8Array(room + IPV6_HEADER_BYTES + length);
  const source = typeof from === "bigint" ? from : ip.destination;
  const icmp = encodeIpv6(answer, room, {
    nextHeader: PROTOCOL_ICMPV6,
    source,
    destination: ip.source,
    payloadLength: length,
  });
  if (icmp === undefined) return undefined;
  const [type, code] = ICMPV6_CODES[problem.kind];
  answer[icmp] = type;
  answer[icmp + 1] = code;
  if (problem.kind === "too-big") writeUint32(answer, icmp + 4, problem.mtu);
  answer.set(bytes.subarray(packet, packet + quoted), icmp + ICMP_HEADER_BYTES);
  const sum = sumPseudoHeader(source, ip.source, PROTOCOL_ICMPV6, length);
  writeUint16(answer, icmp + 2, checksum(answer, icmp, answer.length, sum));
  return answer;
}

function isUnicastIpv4(address: number): boolean {
  // 224.0.0.0 and up: multicast, reserved, broadcast.
  return address !== 0 && address >>> 28 < 0xe;
}

function isUnicastIpv6(address: bigint): boolean {
  return address !== 0n && address >> 120n !== 0xffn;
}
