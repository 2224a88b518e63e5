/**
 * Cuts a super-frame into the frames that the sender's network card would have made of it. It follows what Linux does
 * in software, so the place where it happens makes no difference:
 *
 * - IPv4: total length and checksum of each, the identification counted up from the first (RFC 6864 §4.1 lets packets
 *   that may not be fragmented have any);
 * - IPv6: the payload length;
 * - TCP: sequence numbers; FIN and PSH in the last frame only, CWR in the first only (RFC 3168 §6.1.2: once per
 *   reduction), options in all;
 * - UDP: the length; every payload is a datagram of its own;
 * - the checksum of either.
 */
import { readUint16, readUint32, writeUint16, writeUint32 } from "../frame/bytes.ts";
import { PROTOCOL_TCP, PROTOCOL_UDP } from "../frame/ip/ipv4.ts";
import { IPV6_HEADER_BYTES } from "../frame/ip/ipv6.ts";
import { UDP_HEADER_BYTES } from "../frame/ip/udp.ts";
import { completeCsum, fold, invert } from "./csum.ts";
import { OffloadFault } from "./fault.ts";
import { hasCsumAt, type Packet } from "./packet.ts";
import { PlainFrames, RECORD_HEADROOM } from "./plain-frames.ts";
import {
  GSO_TCPV4,
  GSO_TCPV6,
  GSO_UDP_L4,
  needsCsum,
  readCsumOffset,
  readCsumStart,
  readGsoSize,
  readGsoType,
} from "./virtio.ts";

/**
 * Maximum size of the result, headroom included, relative to the super-frame. It bounds the work that a sender can
 * cause, because each frame repeats the headers. An MSS of 48, the least that Linux accepts, comes to 3.2 over IPv4
 * with timestamps.
 */
export const MAX_EXPANSION = 4;

const IPV4_LENGTH_OFFSET = 2;
const IPV4_IDENTIFICATION_OFFSET = 4;
const IPV4_CHECKSUM_OFFSET = 10;
const IPV6_LENGTH_OFFSET = 4;
const UDP_LENGTH_OFFSET = 4;
const TCP_HEADER_BYTES = 20;
const TCP_SEQUENCE_OFFSET = 4;
const TCP_DATA_OFFSET = 12;
const TCP_FLAGS_OFFSET = 13;
const FIN = 0x01;
const PSH = 0x08;
const CWR = 0x80;

/**
 * Cuts the super-frame in [frame, end) as the header at `virtio` describes it; `packet` is the packet found in it.
 * Never throws.
 */
export function cutSuperFrame(
  bytes: Uint8Array,
  virtio: number,
  frame: number,
  end: number,
  packet: Packet,
): PlainFrames | OffloadFault {
  const fault = findFault(bytes, virtio, frame, packet);
  if (fault !== undefined) return fault;
  // Padding would have to go somewhere, and a real super-frame has none.
  if (packet.end !== end) return new OffloadFault("bad-header");
  const payload = findPayload(bytes, packet);
  if (payload < 0) return new OffloadFault("bad-header");
  const gsoSize = readGsoSize(bytes, virtio);
  const headerLength = payload - frame;
  // At least one even without payload: then it is an ordinary frame, as for Linux.
  const count = Math.max(1, Math.ceil((end - payload) / gsoSize));
  const size = count * (RECORD_HEADROOM + headerLength) + end - payload;
  if (size > MAX_EXPANSION * (end - frame)) return new OffloadFault("gso-too-many");

  const frames = new PlainFrames(new Uint8Array(size), count, RECORD_HEADROOM + headerLength + gsoSize);
  spread(frames, bytes.subarray(frame, end), headerLength);
  if (packet.ipv6) finishIpv6(frames, packet.network - frame);
  else finishIpv4(frames, packet.network - frame);
  const transport = packet.transport - frame;
  if (packet.protocol === PROTOCOL_TCP) finishTcp(frames, transport, gsoSize);
  else finishUdp(frames, transport);
  finishCsums(frames, transport, end - packet.transport, readCsumOffset(bytes, virtio));
  return frames;
}

/** Returns the fault in the header at `virtio` for its packet. */
function findFault(
  bytes: Uint8Array,
  virtio: number,
  frame: number,
  packet: Packet,
): OffloadFault | undefined {
  const type = readGsoType(bytes, virtio);
  if (type !== GSO_TCPV4 && type !== GSO_TCPV6 && type !== GSO_UDP_L4) return new OffloadFault("gso-unknown");
  if (packet.protocol !== (type === GSO_UDP_L4 ? PROTOCOL_UDP : PROTOCOL_TCP))
    return new OffloadFault("gso-mismatch");
  if (type === (packet.ipv6 ? GSO_TCPV4 : GSO_TCPV6)) return new OffloadFault("gso-mismatch");
  if (!needsCsum(bytes, virtio)) return new OffloadFault("gso-no-csum");
  if (readGsoSize(bytes, virtio) === 0) return new OffloadFault("gso-no-size");
  const start = frame + readCsumStart(bytes, virtio);
  // Excludes the checksum of a packet inside a tunnel, because no type here stands for a super-frame in a tunnel.
  const right = start === packet.transport && hasCsumAt(packet, start, readCsumOffset(bytes, virtio));
  return right ? undefined : new OffloadFault("csum-misplaced");
}

/**
 * Returns where the payload of TCP or UDP begins, or -1 for an invalid header. The header is present up to its
 * checksum, because it would be misplaced otherwise.
 */
function findPayload(bytes: Uint8Array, packet: Packet): number {
  const { transport, end } = packet;
  if (packet.protocol === PROTOCOL_UDP) {
    const length = readUint16(bytes, transport + UDP_LENGTH_OFFSET);
    return length === end - transport ? transport + UDP_HEADER_BYTES : -1;
  }
  const payload = transport + ((bytes[transport + TCP_DATA_OFFSET] ?? 0) >>> 4) * 4;
  return payload >= transport + TCP_HEADER_BYTES && payload <= end ? payload : -1;
}

/** Writes the first `headerLength` bytes of `whole` before each frame's share of the rest. */
function spread(frames: PlainFrames, whole: Uint8Array, headerLength: number): void {
  const { bytes, count } = frames;
  // First copies the payload to the end of the buffer. Moving it up from there, behind the headers, makes no garbage,
  // unlike a view for each frame. Bytes still to be moved are never behind their destination.
  let next = bytes.length - (whole.length - headerLength);
  bytes.set(whole.subarray(headerLength), next);
  bytes.set(whole.subarray(0, headerLength), RECORD_HEADROOM);
  for (let index = 0; index < count; index++) {
    const frame = frames.frameAt(index);
    const payload = frame + headerLength;
    const length = frames.endAt(index) - payload;
    if (index > 0) bytes.copyWithin(frame, RECORD_HEADROOM, RECORD_HEADROOM + headerLength);
    bytes.copyWithin(payload, next, next + length);
    next += length;
  }
}

function finishIpv4(frames: PlainFrames, network: number): void {
  const { bytes, count } = frames;
  const first = RECORD_HEADROOM + network;
  const length = readUint16(bytes, first + IPV4_LENGTH_OFFSET);
  const identification = readUint16(bytes, first + IPV4_IDENTIFICATION_OFFSET);
  const checksum = readUint16(bytes, first + IPV4_CHECKSUM_OFFSET);
  // By difference (RFC 1624): a damaged header must not leave with a correct checksum.
  const others = fold(invert(checksum) + invert(length) + invert(identification));
  for (let index = 0; index < count; index++) {
    const at = frames.frameAt(index) + network;
    const newLength = frames.endAt(index) - at;
    const newIdentification = (identification + index) & 0xffff;
    writeUint16(bytes, at + IPV4_LENGTH_OFFSET, newLength);
    writeUint16(bytes, at + IPV4_IDENTIFICATION_OFFSET, newIdentification);
    writeUint16(bytes, at + IPV4_CHECKSUM_OFFSET, invert(fold(others + newLength + newIdentification)));
  }
}

function finishIpv6(frames: PlainFrames, network: number): void {
  for (let index = 0; index < frames.count; index++) {
    const at = frames.frameAt(index) + network;
    writeUint16(frames.bytes, at + IPV6_LENGTH_OFFSET, frames.endAt(index) - at - IPV6_HEADER_BYTES);
  }
}

function finishTcp(frames: PlainFrames, transport: number, gsoSize: number): void {
  const { bytes, count } = frames;
  const sequence = readUint32(bytes, RECORD_HEADROOM + transport + TCP_SEQUENCE_OFFSET);
  const flags = bytes[RECORD_HEADROOM + transport + TCP_FLAGS_OFFSET] ?? 0;
  for (let index = 0; index < count; index++) {
    const at = frames.frameAt(index) + transport;
    // The sum may pass 2^32, where sequence numbers wrap; the write takes the low 32 bits.
    writeUint32(bytes, at + TCP_SEQUENCE_OFFSET, sequence + index * gsoSize);
    const notHere = (index > 0 ? CWR : 0) | (index < count - 1 ? FIN | PSH : 0);
    bytes[at + TCP_FLAGS_OFFSET] = flags & ~notHere;
  }
}

function finishUdp(frames: PlainFrames, transport: number): void {
  for (let index = 0; index < frames.count; index++) {
    const at = frames.frameAt(index) + transport;
    writeUint16(frames.bytes, at + UDP_LENGTH_OFFSET, frames.endAt(index) - at);
  }
}

/**
 * Completes the checksums, last because they cover the other fields. `length` is the super-frame's from `transport` on.
 */
function finishCsums(frames: PlainFrames, transport: number, length: number, csumOffset: number): void {
  const { bytes, count } = frames;
  const view = new DataView(bytes.buffer);
  // The field holds the sum of a pseudo-header, of which only the length differs for each frame.
  const pseudoHeader = readUint16(bytes, RECORD_HEADROOM + transport + csumOffset) + invert(length);
  for (let index = 0; index < count; index++) {
    const at = frames.frameAt(index) + transport;
    const end = frames.endAt(index);
    writeUint16(bytes, at + csumOffset, fold(pseudoHeader + end - at));
    completeCsum(view, at, csumOffset, end);
  }
}
