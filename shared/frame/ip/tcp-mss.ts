/**
 * TCP's maximum segment size (RFC 9293 section 3.7.1), lowered in a SYN on its way: hosts behind links that carry less
 * than theirs never make a segment too big. The checksum is brought up to date by RFC 1624, eqn. 3.
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

/** What IP and TCP headers without options take of an MTU: those with options, TCP subtracts itself (RFC 6691). */
const OVERHEAD_IPV4 = IPV4_HEADER_BYTES + TCP_HEADER_BYTES;
const OVERHEAD_IPV6 = IPV6_HEADER_BYTES + TCP_HEADER_BYTES;

/**
 * Where the frame in [frame, end) has the value of a SYN's MSS option, or -1 if it is no SYN, or has none. Reads
 * nothing outside the frame, whatever is there. Allocates nothing.
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
 * Lowers the MSS that the SYN in [frame, end) announces to what fits, in place.
 *
 * @param mss where its value is, as {@link findMss} says
 * @param frameBytes what a frame may have at most, with its Ethernet header and tags
 * @returns whether something was changed
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
  // At an odd offset the bytes of the option lie in two words, and count the other way round.
  const swap = ((mss - tcp) & 1) === 1;
  const from = swap ? swapped(said) : said;
  const to = swap ? swapped(most) : most;
  let sum = (~before & 0xffff) + (~from & 0xffff) + to;
  sum = (sum & 0xffff) + (sum >>> 16);
  sum = (sum & 0xffff) + (sum >>> 16);
  writeUint16(bytes, at, ~sum & 0xffff);
  return true;
}

/** Where the TCP header of a SYN is, or -1. */
function findSyn(bytes: Uint8Array, frame: number, end: number): number {
  const typeOffset = findEtherType(bytes, frame, end);
  if (typeOffset < 0) return -1;
  const packet = typeOffset + 2;
  const type = readUint16(bytes, typeOffset);
  let tcp: number;
  if (type === ETHERTYPE_IPV4) {
    if (packet + IPV4_HEADER_BYTES > end || bytes[packet + 9] !== PROTOCOL_TCP) return -1;
    // Not the first fragment: no TCP header.
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
