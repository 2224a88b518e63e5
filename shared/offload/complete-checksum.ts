/**
 * Checksums that a sender on the same machine left undone. On a wire that is none (veth, a bridge between containers
 * or virtual machines) Linux hands on packets whose TCP or UDP checksum the network card was to fill in: the field
 * holds the sum of the pseudo-header alone. A packet in a tunnel is so too, and whoever takes it out of a UDP or raw
 * socket is not told. It would be dropped as damaged by its receiver, so it is found here, and finished, or told of to
 * those who finish it.
 *
 * A right checksum is never changed: finished again, it comes out the same.
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
 * Where the TCP or UDP header is whose checksum was left undone, or -1. Reads nothing outside the frame in
 * [frame, end), whatever is there. Allocates nothing.
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
 * Says in a virtio-net header what was left undone of the frame in [frame, end): the checksum, and cutting it where it
 * is TCP and larger than what a frame may have. On a machine's own links Linux hands such super-frames on whole, too.
 *
 * @param virtio where the header goes: ten bytes, which say that there is no work where the numbers don't fit it
 * @param segment what {@link findUndone} found
 * @param frameBytes what a frame may have at most, with its Ethernet header
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
  // With padding behind it it is no super-frame: there it would have to be cut off.
  const isSuper = isTcp && end - frame > frameBytes && gsoSize > 0 && endOf(bytes, packet, type, end) === end;
  const gsoType = type === ETHERTYPE_IPV4 ? GSO_TCPV4 : GSO_TCPV6;
  const ecn = ((bytes[segment + TCP_FLAGS] ?? 0) & CWR) !== 0;
  const header = isSuper ? { ...csum, gsoType, gsoSize, ecn, hdrLen } : csum;
  if (writeVirtio(bytes, virtio, header) === undefined) writeVirtio(bytes, virtio);
}

/**
 * Fills in the checksum of the frame in [frame, end) if it was left undone. Reads and writes nothing outside the
 * frame, whatever is there. Allocates nothing.
 *
 * @returns whether it did
 */
export function completeChecksum(bytes: Uint8Array, frame: number, end: number): boolean {
  const segment = findUndone(bytes, frame, end);
  if (segment < 0) return false;
  const typeOffset = findEtherType(bytes, frame, end);
  const packet = typeOffset + 2;
  const type = readUint16(bytes, typeOffset);
  const isTcp = bytes[packet + (type === ETHERTYPE_IPV4 ? 9 : 6)] === PROTOCOL_TCP;
  const field = segment + (isTcp ? TCP_CHECKSUM : UDP_CHECKSUM);
  // What stands there is the sum of the pseudo-header.
  const pseudo = readUint16(bytes, field);
  writeUint16(bytes, field, 0);
  const sum = checksum(bytes, segment, endOf(bytes, packet, type, end), pseudo);
  writeUint16(bytes, field, sum === 0 && !isTcp ? 0xffff : sum);
  return true;
}

/** Where the packet at `packet` ends by its own header, or -1 where it is none of IP, or cut short. */
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
  // UDP's 0 is none (RFC 768).
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
