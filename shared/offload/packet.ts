import { holds, readUint16 } from "../frame/bytes.ts";
import { ETHERTYPE_IPV4, ETHERTYPE_IPV6, findEtherType } from "../frame/ethernet.ts";
import { IPV4_HEADER_BYTES, PROTOCOL_TCP, PROTOCOL_UDP } from "../frame/ip/ipv4.ts";
import { IPV6_HEADER_BYTES } from "../frame/ip/ipv6.ts";
import { OffloadFault } from "./fault.ts";

/** IP protocol numbers (IANA) of tunnels. */
const PROTOCOL_IPV4 = 4;
const PROTOCOL_IPV6 = 41;
const PROTOCOL_GRE = 47;

/** IPv6 extension headers that may precede the point where a packet is cut, RFC 8200 §4.3, §4.4 and §4.6. */
const HOP_BY_HOP = 0;
const ROUTING = 43;
const DESTINATION_OPTIONS = 60;
/** The extension header of a packet that is already cut, §4.5. */
const FRAGMENT = 44;
/** Unit of their length in bytes. */
const EXTENSION_BYTES = 8;

const MORE_FRAGMENTS_AND_OFFSET = 0x3fff;

export const TCP_CSUM_OFFSET = 16;
export const UDP_CSUM_OFFSET = 6;
const GRE_CSUM_OFFSET = 4;

/** The offsets of the parts of an IP packet in a frame. */
export interface Packet {
  readonly ipv6: boolean;
  /** Offset of the IP header. */
  readonly network: number;
  /** Offset of the payload's header, behind options and extension headers. */
  readonly transport: number;
  /** IP protocol number of the payload. */
  readonly protocol: number;
  /** End of the packet; from here to the frame's end is padding. */
  readonly end: number;
}

/** Finds the IP packet in the frame in [frame, end), behind any VLAN tags. Never throws. */
export function findPacket(bytes: Uint8Array, frame: number, end: number): Packet | OffloadFault {
  const typeOffset = findEtherType(bytes, frame, end);
  if (typeOffset < 0) return new OffloadFault("truncated");
  const etherType = readUint16(bytes, typeOffset);
  if (etherType === ETHERTYPE_IPV4) return findInIpv4(bytes, typeOffset + 2, end);
  if (etherType === ETHERTYPE_IPV6) return findInIpv6(bytes, typeOffset + 2, end);
  return new OffloadFault("not-ip");
}

function findInIpv4(bytes: Uint8Array, network: number, frameEnd: number): Packet | OffloadFault {
  if (!holds(bytes, network, frameEnd, IPV4_HEADER_BYTES)) return new OffloadFault("truncated");
  const first = bytes[network] ?? 0;
  const headerLength = (first & 0x0f) * 4;
  // 0 in a packet over 64 KiB ("BIG TCP"), which none of our TAPs asks for and no record can hold.
  const totalLength = readUint16(bytes, network + 2);
  if (first >>> 4 !== 4 || headerLength < IPV4_HEADER_BYTES || totalLength < headerLength)
    return new OffloadFault("bad-header");
  const end = network + totalLength;
  if (end > frameEnd) return new OffloadFault("truncated");
  if ((readUint16(bytes, network + 6) & MORE_FRAGMENTS_AND_OFFSET) !== 0) return new OffloadFault("fragment");
  const protocol = bytes[network + 9] ?? 0;
  return { ipv6: false, network, transport: network + headerLength, protocol, end };
}

function findInIpv6(bytes: Uint8Array, network: number, frameEnd: number): Packet | OffloadFault {
  if (!holds(bytes, network, frameEnd, IPV6_HEADER_BYTES)) return new OffloadFault("truncated");
  if ((bytes[network] ?? 0) >>> 4 !== 6) return new OffloadFault("bad-header");
  let transport = network + IPV6_HEADER_BYTES;
  const end = transport + readUint16(bytes, network + 4);
  if (end > frameEnd) return new OffloadFault("truncated");
  let protocol = bytes[network + 6] ?? 0;
  while (protocol === HOP_BY_HOP || protocol === ROUTING || protocol === DESTINATION_OPTIONS) {
    if (transport + EXTENSION_BYTES > end) return new OffloadFault("bad-header");
    protocol = bytes[transport] ?? 0;
    transport += ((bytes[transport + 1] ?? 0) + 1) * EXTENSION_BYTES;
  }
  if (transport > end) return new OffloadFault("bad-header");
  if (protocol === FRAGMENT) return new OffloadFault("fragment");
  return { ipv6: true, network, transport, protocol, end };
}

/**
 * Returns whether a sender may have left the checksum at `start + offset` over [start, end of packet) undone. If any
 * place were accepted, a sender could write two bytes of its choice elsewhere, such as a port or an ICMPv6 type, after
 * the segment's guards have looked.
 */
export function hasCsumAt(packet: Packet, start: number, offset: number): boolean {
  if (start + offset + 2 > packet.end) return false;
  if (start === packet.transport) return offset === csumOffset(packet.protocol);
  // Linux 6.17 and later also leave undone the checksum of a packet inside a tunnel.
  return start >= packet.transport + tunnelHeaderLength(packet.protocol);
}

/** Returns the offset of the checksum in the protocol's header, if senders may leave it undone. */
function csumOffset(protocol: number): number | undefined {
  if (protocol === PROTOCOL_TCP) return TCP_CSUM_OFFSET;
  if (protocol === PROTOCOL_UDP) return UDP_CSUM_OFFSET;
  // RFC 2784, with the C bit. Linux leaves it to the device like any other.
  if (protocol === PROTOCOL_GRE) return GRE_CSUM_OFFSET;
  return undefined;
}

/** Returns the minimum length that a tunnel puts before its inner packet; infinite if the protocol is not a tunnel. */
function tunnelHeaderLength(protocol: number): number {
  if (protocol === PROTOCOL_UDP) return 8;
  if (protocol === PROTOCOL_GRE) return 4;
  if (protocol === PROTOCOL_IPV4) return IPV4_HEADER_BYTES;
  if (protocol === PROTOCOL_IPV6) return IPV6_HEADER_BYTES;
  return Number.POSITIVE_INFINITY;
}
