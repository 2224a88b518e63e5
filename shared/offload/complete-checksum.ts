/**
 * Completes checksums that a sender on the same machine left undone.
 *
 * On a link without a wire (veth, a bridge between containers or virtual machines) Linux passes on packets whose TCP or
 * UDP checksum the network card should complete: the field holds the sum of the pseudo-header alone. This includes
 * packets in a tunnel, and UDP and raw sockets do not report it. Their receiver would drop them as damaged. This module
 * finds and completes them, or marks them for a later stage.
 *
 * A correct checksum never changes: completed again, it comes out the same.
 */
import { readUint16, readUint32, writeUint16 } from "../frame/bytes.ts";
import { checksum } from "../frame/checksum.ts";
import { ETHERTYPE_IPV4, ETHERTYPE_IPV6, findEtherType } from "../frame/ethernet.ts";
import { IPV4_HEADER_BYTES, PROTOCOL_TCP, PROTOCOL_UDP } from "../frame/ip/ipv4.ts";
import { IPV6_HEADER_BYTES } from "../frame/ip/ipv6.ts";
import { GSO_TCPV4, GSO_TCPV6, NEEDS_CSUM, writeVirtio } from "./virtio.ts";

const TCP_CHECKSUM = 16;
const UDP_CHECKSUM = 6;
const TCP_HEADER_BYTES = 20;
const UDP_HEADER_BYTES = 8;
const TCP_DATA_OFFSET = 12;
const TCP_FLAGS = 13;
const CWR = 0x80;
/** "More fragments" and the offset. */
const FRAGMENT_BITS = 0x3fff;

/**
 * Returns the offset of the TCP or UDP header whose checksum was left undone, or -1. Reads no byte outside the frame in
 * [frame, end), whatever its content. Allocates nothing.
 */
export function findUndone(bytes: Uint8Array, frame: number, end: number): number {
  const typeOffset = findEtherType(bytes, frame, end);
  if (typeOffset < 0) return -1;
  const packet = typeOffset + 2;
  const type = readUint16(bytes, typeOffset);
  const packetEnd = endOf(bytes, packet, type, end);
  if (packetEnd < 0) return -1;
  if (type === ETHERTYPE_IPV6) {
    const segment = packet + IPV6_HEADER_BYTES;
    return isUndone(bytes, bytes[packet + 6] ?? 0, packet + 8, 32, segment, packetEnd) ? segment : -1;
  }
  if ((readUint16(bytes, packet + 6) & FRAGMENT_BITS) !== 0) return -1;
  const header = ((bytes[packet] ?? 0) & 0x0f) * 4;
  if (header < IPV4_HEADER_BYTES) return -1;
  const segment = packet + header;
  return isUndone(bytes, bytes[packet + 9] ?? 0, packet + 12, 8, segment, packetEnd) ? segment : -1;
}

/**
 * Writes a virtio-net header that describes the work left undone in the frame in [frame, end): the checksum, and
 * cutting if it is TCP and too large for one frame. On a machine's own links Linux also passes on such super-frames
 * whole.
 *
 * @param virtio where the header goes: ten bytes, which ask for no work if the numbers do not fit
 * @param segment the result of {@link findUndone}
 * @param frameBytes maximum size of a frame, with its Ethernet header
 */
export function writeUndone(
  bytes: Uint8Array,
  virtio: number,
  frame: number,
  end: number,
  segment: number,
  frameBytes: number,
): void {
  const packet = findEtherType(bytes, frame, end) + 2;
  const type = readUint16(bytes, packet - 2);
  const isTcp = bytes[packet + (type === ETHERTYPE_IPV4 ? 9 : 6)] === PROTOCOL_TCP;
  const csum = {
    flags: NEEDS_CSUM,
    csumStart: segment - frame,
    csumOffset: isTcp ? TCP_CHECKSUM : UDP_CHECKSUM,
  };
  const hdrLen = segment - frame + (isTcp ? ((bytes[segment + TCP_DATA_OFFSET] ?? 0) >>> 4) * 4 : 0);
  const gsoSize = frameBytes - hdrLen;
  // A frame with padding is not a super-frame: the padding would have to be cut off.
  const isSuper = isTcp && end - frame > frameBytes && gsoSize > 0 && endOf(bytes, packet, type, end) === end;
  const gsoType = type === ETHERTYPE_IPV4 ? GSO_TCPV4 : GSO_TCPV6;
  const ecn = ((bytes[segment + TCP_FLAGS] ?? 0) & CWR) !== 0;
  const header = isSuper ? { ...csum, gsoType, gsoSize, ecn, hdrLen } : csum;
  if (writeVirtio(bytes, virtio, header) === undefined) writeVirtio(bytes, virtio);
}

/**
 * Completes the checksum of the frame in [frame, end) if it was left undone. Reads and writes no byte outside the
 * frame, whatever its content. Allocates nothing.
 *
 * @returns whether it completed one
 */
export function completeChecksum(bytes: Uint8Array, frame: number, end: number): boolean {
  const segment = findUndone(bytes, frame, end);
  if (segment < 0) return false;
  const typeOffset = findEtherType(bytes, frame, end);
  const packet = typeOffset + 2;
  const type = readUint16(bytes, typeOffset);
  const isTcp = bytes[packet + (type === ETHERTYPE_IPV4 ? 9 : 6)] === PROTOCOL_TCP;
  const field = segment + (isTcp ? TCP_CHECKSUM : UDP_CHECKSUM);
  // The field holds the sum of the pseudo-header.
  const pseudo = readUint16(bytes, field);
  writeUint16(bytes, field, 0);
  const sum = checksum(bytes, segment, endOf(bytes, packet, type, end), pseudo);
  writeUint16(bytes, field, sum === 0 && !isTcp ? 0xffff : sum);
  return true;
}

/** Returns the end of the packet at `packet` by its own header, or -1 if it is not IP or is truncated. */
function endOf(bytes: Uint8Array, packet: number, type: number, end: number): number {
  const version = (bytes[packet] ?? 0) >>> 4;
  if (type === ETHERTYPE_IPV4 && packet + IPV4_HEADER_BYTES <= end && version === 4) {
    const packetEnd = packet + readUint16(bytes, packet + 2);
    return packetEnd <= end ? packetEnd : -1;
  }
  if (type !== ETHERTYPE_IPV6 || packet + IPV6_HEADER_BYTES > end || version !== 6) return -1;
  const packetEnd = packet + IPV6_HEADER_BYTES + readUint16(bytes, packet + 4);
  return packetEnd <= end ? packetEnd : -1;
}

function isUndone(
  bytes: Uint8Array,
  protocol: number,
  addresses: number,
  addressBytes: number,
  segment: number,
  end: number,
): boolean {
  const isTcp = protocol === PROTOCOL_TCP;
  if (!isTcp && protocol !== PROTOCOL_UDP) return false;
  if (segment + (isTcp ? TCP_HEADER_BYTES : UDP_HEADER_BYTES) > end) return false;
  const said = readUint16(bytes, segment + (isTcp ? TCP_CHECKSUM : UDP_CHECKSUM));
  // UDP uses 0 for no checksum (RFC 768).
  if (said === 0) return false;
  let pseudo = protocol + end - segment;
  for (let at = addresses; at < addresses + addressBytes; at += 4) {
    const word = readUint32(bytes, at);
    pseudo += (word >>> 16) + (word & 0xffff);
  }
  pseudo = (pseudo >>> 16) + (pseudo & 0xffff);
  pseudo = (pseudo >>> 16) + (pseudo & 0xffff);
  return said === pseudo;
}
