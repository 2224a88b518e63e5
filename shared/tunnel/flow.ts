/**
 * Assigns frames to flows as precisely as a fair queue needs (RFC 8290 section 4.1.1). Frames of one flow have one hash
 * and so keep their order; two flows that share a hash only share their turn.
 */
import { readUint16, readUint32 } from "../frame/bytes.ts";
import { ETHERTYPE_IPV4, ETHERTYPE_IPV6, findEtherType } from "../frame/ethernet.ts";
import { IPV4_HEADER_BYTES, PROTOCOL_TCP, PROTOCOL_UDP } from "../frame/ip/ipv4.ts";
import { IPV6_HEADER_BYTES } from "../frame/ip/ipv6.ts";

/** Below this the type field is a length (IEEE 802.3 section 3.2.6), which varies within a flow. */
const LEAST_ETHERTYPE = 0x0600;

/** "More fragments" and the offset: every fragment, including the first, sets one of these bits. */
const FRAGMENT_BITS = 0x3fff;

/** 2^32 divided by the golden ratio, to the next odd number: spreads every bit towards the high ones. */
const MULTIPLIER = 0x9e3779b1;

/**
 * Hashes the flow of the frame in [frame, end): addresses and EtherType past any VLAN tags, and for IP its addresses,
 * protocol, and TCP's or UDP's ports. Omits the ports of fragments, because only the first has them, and of packets
 * with IPv6 extension headers. Never throws and reads no byte outside the range; hashes as much as a truncated frame
 * has. Allocates nothing.
 *
 * @param seed 32 secret bits, so that no sender can aim at another's flow
 * @returns 32 bits, unsigned; the low ones are as good as the high ones
 */
export function flowHash(bytes: Uint8Array, frame: number, end: number, seed = 0): number {
  const typeOffset = findEtherType(bytes, frame, end);
  if (typeOffset < 0) return seed >>> 0;
  const etherType = readUint16(bytes, typeOffset);
  const packet = typeOffset + 2;

  let hash = mix(seed, readUint32(bytes, frame));
  hash = mix(hash, readUint32(bytes, frame + 4));
  hash = mix(hash, readUint32(bytes, frame + 8));
  hash = mix(hash, etherType < LEAST_ETHERTYPE ? 0 : etherType);
  if (etherType === ETHERTYPE_IPV4) hash = mixIpv4(hash, bytes, packet, end);
  else if (etherType === ETHERTYPE_IPV6) hash = mixIpv6(hash, bytes, packet, end);
  // Mixes twice more, because the last word may have changed high bits alone, as the source port does.
  return mix(mix(hash, 0), 0) >>> 0;
}

function mixIpv4(before: number, bytes: Uint8Array, packet: number, end: number): number {
  if (packet + IPV4_HEADER_BYTES > end) return before;
  const protocol = bytes[packet + 9] ?? 0;
  let hash = mix(before, readUint32(bytes, packet + 12));
  hash = mix(hash, readUint32(bytes, packet + 16));
  hash = mix(hash, protocol);
  if ((readUint16(bytes, packet + 6) & FRAGMENT_BITS) !== 0) return hash;
  const headerLength = ((bytes[packet] ?? 0) & 0x0f) * 4;
  return mixPorts(hash, protocol, bytes, packet + headerLength, end);
}

function mixIpv6(before: number, bytes: Uint8Array, packet: number, end: number): number {
  if (packet + IPV6_HEADER_BYTES > end) return before;
  const protocol = bytes[packet + 6] ?? 0;
  let hash = before;
  for (let offset = packet + 8; offset < packet + IPV6_HEADER_BYTES; offset += 4) {
    hash = mix(hash, readUint32(bytes, offset));
  }
  hash = mix(hash, protocol);
  return mixPorts(hash, protocol, bytes, packet + IPV6_HEADER_BYTES, end);
}

function mixPorts(hash: number, protocol: number, bytes: Uint8Array, segment: number, end: number): number {
  if (protocol !== PROTOCOL_TCP && protocol !== PROTOCOL_UDP) return hash;
  return segment + 4 > end ? hash : mix(hash, readUint32(bytes, segment));
}

/** Mixes a word into a hash. One to one in either argument, so flows that differ in one word never share a hash. */
function mix(hash: number, word: number): number {
  const spread = Math.imul(hash ^ word, MULTIPLIER);
  return spread ^ (spread >>> 15);
}
