/**
 * Lowers TCP's maximum segment size (RFC 9293 section 3.7.1) in a SYN in transit, so that hosts send no segments that
 * are too
 * big for a link between them. Updates the checksum by RFC 1624, eqn. 3.
 */
import { readUint16, writeUint16 } from "../bytes.ts";
import { ETHERTYPE_IPV4, ETHERTYPE_IPV6, findEtherType } from "../ethernet.ts";
import { IPV4_HEADER_BYTES, PROTOCOL_TCP } from "./ipv4.ts";
import { IPV6_HEADER_BYTES } from "./ipv6.ts";

const TCP_HEADER_BYTES = 20;
const FLAGS_OFFSET = 13;
const CHECKSUM_OFFSET = 16;
const SYN = 0x02;

const OPTION_END = 0;
const OPTION_NOP = 1;
const OPTION_MSS = 2;
const MSS_OPTION_BYTES = 4;

/** Length of IP and TCP headers without options: TCP subtracts options itself (RFC 6691). */
const OVERHEAD_IPV4 = IPV4_HEADER_BYTES + TCP_HEADER_BYTES;
const OVERHEAD_IPV6 = IPV6_HEADER_BYTES + TCP_HEADER_BYTES;

/**
 * Returns the offset of the MSS option's value in the frame in [frame, end), or -1 if it is no SYN or has no such option.
 * Reads nothing outside the frame, whatever the bytes. Allocates nothing.
 */
export function findMss(bytes: Uint8Array, frame: number, end: number): number {
  const tcp = findSyn(bytes, frame, end);
  if (tcp < 0) return -1;
  const optionsEnd = Math.min(end, tcp + ((bytes[tcp + 12] ?? 0) >>> 4) * 4);
  let at = tcp + TCP_HEADER_BYTES;
  while (at < optionsEnd) {
    const kind = bytes[at];
    if (kind === OPTION_END) return -1;
    if (kind === OPTION_NOP) {
      at++;
      continue;
    }
    const length = at + 1 < optionsEnd ? (bytes[at + 1] ?? 0) : 0;
    if (length < 2 || at + length > optionsEnd) return -1;
    if (kind === OPTION_MSS) return length === MSS_OPTION_BYTES ? at + 2 : -1;
    at += length;
  }
  return -1;
}

/**
 * Lowers the MSS that the SYN in [frame, end) announces, in place, if it is too big.
 *
 * @param mss offset of its value, from {@link findMss}
 * @param frameBytes greatest length of a frame, with its Ethernet header and tags
 * @returns whether it changed the frame
 */
export function clampMss(
  bytes: Uint8Array,
  frame: number,
  end: number,
  mss: number,
  frameBytes: number,
): boolean {
  const typeOffset = findEtherType(bytes, frame, end);
  const isIpv4 = readUint16(bytes, typeOffset) === ETHERTYPE_IPV4;
  const most = frameBytes - (typeOffset + 2 - frame) - (isIpv4 ? OVERHEAD_IPV4 : OVERHEAD_IPV6);
  const said = readUint16(bytes, mss);
  if (most <= 0 || said <= most) return false;
  const tcp = findSyn(bytes, frame, end);
  writeUint16(bytes, mss, most);
  const at = tcp + CHECKSUM_OFFSET;
  const before = readUint16(bytes, at);
  // At an odd offset the two bytes of the value lie in two words, so they count in swapped order.
  const swap = ((mss - tcp) & 1) === 1;
  const from = swap ? swapped(said) : said;
  const to = swap ? swapped(most) : most;
  let sum = (~before & 0xffff) + (~from & 0xffff) + to;
  sum = (sum & 0xffff) + (sum >>> 16);
  sum = (sum & 0xffff) + (sum >>> 16);
  writeUint16(bytes, at, ~sum & 0xffff);
  return true;
}

/** Returns the offset of a SYN's TCP header, or -1. */
function findSyn(bytes: Uint8Array, frame: number, end: number): number {
  const typeOffset = findEtherType(bytes, frame, end);
  if (typeOffset < 0) return -1;
  const packet = typeOffset + 2;
  const type = readUint16(bytes, typeOffset);
  let tcp: number;
  if (type === ETHERTYPE_IPV4) {
    if (packet + IPV4_HEADER_BYTES > end || bytes[packet + 9] !== PROTOCOL_TCP) return -1;
    // Later fragments have no TCP header.
    if ((readUint16(bytes, packet + 6) & 0x1fff) !== 0) return -1;
    tcp = packet + ((bytes[packet] ?? 0) & 0x0f) * 4;
  } else if (type === ETHERTYPE_IPV6) {
    if (packet + IPV6_HEADER_BYTES > end || bytes[packet + 6] !== PROTOCOL_TCP) return -1;
    tcp = packet + IPV6_HEADER_BYTES;
  } else {
    return -1;
  }
  if (tcp + TCP_HEADER_BYTES > end) return -1;
  return ((bytes[tcp + FLAGS_OFFSET] ?? 0) & SYN) === 0 ? -1 : tcp;
}

function swapped(word: number): number {
  return ((word & 0xff) << 8) | (word >>> 8);
}
