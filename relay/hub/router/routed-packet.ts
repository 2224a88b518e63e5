/** IP packets in the router: whole, each in a buffer of its own behind room for an Ethernet header. */
import type { IpAddress } from "../../../shared/frame/address.ts";
import { writeUint16 } from "../../../shared/frame/bytes.ts";
import { ETHERNET_HEADER_BYTES, ETHERTYPE_IPV4, ETHERTYPE_IPV6 } from "../../../shared/frame/ethernet.ts";
import { fragmentIpv4 } from "../../../shared/frame/ip/fragment-ipv4.ts";
import { decodeIpv4 } from "../../../shared/frame/ip/ipv4.ts";
import { decodeIpv6 } from "../../../shared/frame/ip/ipv6.ts";
import { Malformed } from "../../../shared/frame/malformed.ts";
import { findUndone, writeUndone } from "../../../shared/offload/complete-checksum.ts";
import { finish, OffloadFault } from "../../../shared/offload/finish.ts";
import { VIRTIO_BYTES } from "../../../shared/offload/virtio.ts";
import { isHostAddress } from "../../../shared/switch/neighbours/utterance.ts";

/** Offset of a packet in its frame. */
export const PACKET = ETHERNET_HEADER_BYTES;

/** IPv4 options for loose and strict source routes (RFC 791 section 3.1). */
const SOURCE_ROUTES: ReadonlySet<number> = new Set([131, 137]);

/** The fields of a packet that a router needs; the packet ends at `end`. */
export interface RoutedHeader {
  readonly source: IpAddress;
  readonly destination: IpAddress;
  readonly end: number;
  /** Whether it has a source route, which is not allowed any more. */
  readonly sourceRouted: boolean;
}

/** Parses the IP packet in [packet, end). */
export function readRouted(bytes: Uint8Array, packet: number, end: number): RoutedHeader | Malformed {
  if ((bytes[packet] ?? 0) >>> 4 === 6) {
    const ip = decodeIpv6(bytes, packet, end);
    if (ip instanceof Malformed) return ip;
    return { source: ip.source, destination: ip.destination, end: ip.end, sourceRouted: false };
  }
  const ip = decodeIpv4(bytes, packet, end);
  if (ip instanceof Malformed) return ip;
  const sourceRouted = ip.options.length > 0 && isSourceRouted(ip.options);
  return { source: ip.source, destination: ip.destination, end: ip.end, sourceRouted };
}

/** Returns whether packets from and to an address may pass a router: not link-local, multicast or unspecified ones. */
export function isRoutable(address: IpAddress): boolean {
  if (!isHostAddress(address)) return false;
  // 169.254.0.0/16 (RFC 3927 section 2.7); fe80::/10 (RFC 4291 section 2.5.6).
  return typeof address === "number" ? address >>> 16 !== 0xa9fe : address >> 118n !== 0x3fan;
}

/** Returns a new frame with a copy of the packet; the caller fills in its MAC addresses. */
export function frameOf(bytes: Uint8Array, packet: number, end: number): Uint8Array {
  const frame = new Uint8Array(PACKET + end - packet);
  frame.set(bytes.subarray(packet, end), PACKET);
  writeType(frame);
  return frame;
}

/** Writes the EtherType for the packet in a frame. */
export function writeType(frame: Uint8Array): void {
  writeUint16(frame, PACKET - 2, (frame[PACKET] ?? 0) >>> 4 === 6 ? ETHERTYPE_IPV6 : ETHERTYPE_IPV4);
}

/**
 * Does the work that a sender on the other end's machine left undone, which a tunnel does not mark: checksums, and
 * cutting TCP's super-frames.
 *
 * @param mtu maximum bytes of a packet
 * @returns the frame itself, changed, or the frames it stands for
 */
export function finishUndone(frame: Uint8Array, mtu: number): readonly Uint8Array[] {
  const undone = findUndone(frame, 0, frame.length);
  if (undone < 0) return [frame];
  const bytes = new Uint8Array(VIRTIO_BYTES + frame.length);
  bytes.set(frame, VIRTIO_BYTES);
  writeUndone(bytes, 0, VIRTIO_BYTES, bytes.length, VIRTIO_BYTES + undone, PACKET + mtu);
  const plain = finish(bytes, 0, VIRTIO_BYTES, bytes.length);
  if (plain instanceof OffloadFault) return [frame];
  return Array.from({ length: plain.count }, (_, i) => plain.bytes.slice(plain.frameAt(i), plain.endAt(i)));
}

/** Returns the fragments of an IPv4 packet larger than the MTU; undefined if it must not be fragmented. */
export function fragments(frame: Uint8Array, mtu: number): Uint8Array[] | undefined {
  const pieces = fragmentIpv4(frame, PACKET, frame.length, mtu, PACKET);
  for (const piece of pieces ?? []) writeType(piece);
  return pieces;
}

function isSourceRouted(options: Uint8Array): boolean {
  for (let at = 0; at < options.length; ) {
    const type = options[at] ?? 0;
    if (SOURCE_ROUTES.has(type)) return true;
    if (type === 0) return false;
    const length = type === 1 ? 1 : (options[at + 1] ?? 0);
    // Options that cannot be parsed may hide a source route.
    if (length < 1 || (type !== 1 && length < 2)) return true;
    at += length;
  }
  return false;
}
