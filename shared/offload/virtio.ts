/**
 * The virtio-net header (virtio 1.2 §5.1.6), in the form in which Linux puts it before each frame of a TAP
 * with IFF_VNET_HDR. It describes the work that a sender left undone. Little-endian:
 *
 * ```
 *  0       1       2               4               6               8               10
 *  +-------+-------+---------------+---------------+---------------+---------------+--------
 *  | flags |  gso  |    hdr_len    |   gso_size    |  csum_start   |  csum_offset  | frame …
 *  +-------+-------+---------------+---------------+---------------+---------------+--------
 *
 *  flags: |  …  | DATA_VALID | NEEDS_CSUM |         gso: | ECN |  type, 7 bits  |
 * ```
 *
 * - NEEDS_CSUM: the 16 bits at csum_start + csum_offset, counted from the start of the frame, hold the sum of
 *   a pseudo-header; the checksum over [csum_start, end of the packet) is to take their place.
 * - A type other than 0: a super-frame, to be cut so that each frame carries gso_size bytes of payload.
 * - DATA_VALID: the sender's kernel has checked the checksum, or trusts it. No work.
 *
 * The readers check nothing: the caller knows that {@link VIRTIO_BYTES} are there.
 */
import { hasRoom, isField, type Written } from "../frame/bytes.ts";

/** Length of the header in bytes. (With TUNSETVNETHDRSZ it may be 12; the tunnel always uses 10.) */
export const VIRTIO_BYTES = 10;

export const NEEDS_CSUM = 1;
export const DATA_VALID = 2;

export const GSO_NONE = 0;
/** TCP over IPv4. */
export const GSO_TCPV4 = 1;
/** UDP cut into IP fragments: obsolete and unsupported. */
export const GSO_UDP = 3;
/** TCP over IPv6. */
export const GSO_TCPV6 = 4;
/** UDP over either, each piece a datagram of its own. */
export const GSO_UDP_L4 = 5;

/** A flag beside the type: TCP with ECN. */
const GSO_ECN = 0x80;

const GSO_OFFSET = 1;
const HDR_LEN_OFFSET = 2;
const GSO_SIZE_OFFSET = 4;
const CSUM_START_OFFSET = 6;
const CSUM_OFFSET_OFFSET = 8;

/** The fields of a header; {@link writeVirtio} uses 0 and false for omitted ones. */
export interface VirtioHeader {
  /** {@link NEEDS_CSUM}, {@link DATA_VALID} */
  readonly flags: number;
  /** One of the `GSO_` numbers. */
  readonly gsoType: number;
  readonly ecn: boolean;
  /** Hint at the length of all headers, in bytes; Linux may give more, or less by a VLAN tag. */
  readonly hdrLen: number;
  /** Payload per frame in bytes. */
  readonly gsoSize: number;
  /** Offset from the start of the frame, in bytes. */
  readonly csumStart: number;
  /** Offset from csumStart, in bytes. */
  readonly csumOffset: number;
}

const NO_WORK: Partial<VirtioHeader> = {};

/** Returns whether the frame behind the header at `virtio` still needs work before it can go on a wire. */
export function hasWork(bytes: Uint8Array, virtio: number): boolean {
  return needsCsum(bytes, virtio) || bytes[virtio + GSO_OFFSET] !== GSO_NONE;
}

/** Returns all flags, known or not. */
export function readFlags(bytes: Uint8Array, virtio: number): number {
  return bytes[virtio] ?? 0;
}

/** Returns whether a checksum must be completed. */
export function needsCsum(bytes: Uint8Array, virtio: number): boolean {
  return (readFlags(bytes, virtio) & NEEDS_CSUM) !== 0;
}

/** Returns the type without the ECN bit, known or not. */
export function readGsoType(bytes: Uint8Array, virtio: number): number {
  return (bytes[virtio + GSO_OFFSET] ?? 0) & ~GSO_ECN;
}

/** Returns whether the ECN bit is set. */
export function hasEcn(bytes: Uint8Array, virtio: number): boolean {
  return ((bytes[virtio + GSO_OFFSET] ?? 0) & GSO_ECN) !== 0;
}

/** Returns {@link VirtioHeader.hdrLen}, which is only a hint. */
export function readHdrLen(bytes: Uint8Array, virtio: number): number {
  return readLittleEndian(bytes, virtio + HDR_LEN_OFFSET);
}

/** Returns the payload per frame in bytes. */
export function readGsoSize(bytes: Uint8Array, virtio: number): number {
  return readLittleEndian(bytes, virtio + GSO_SIZE_OFFSET);
}

/** Returns where the checksum's range begins, from the start of the frame. */
export function readCsumStart(bytes: Uint8Array, virtio: number): number {
  return readLittleEndian(bytes, virtio + CSUM_START_OFFSET);
}

/** Returns where the checksum goes, from csum_start. */
export function readCsumOffset(bytes: Uint8Array, virtio: number): number {
  return readLittleEndian(bytes, virtio + CSUM_OFFSET_OFFSET);
}

/** Writes the low 16 bits of `value` where {@link readHdrLen} reads. */
export function writeHdrLen(bytes: Uint8Array, virtio: number, value: number): void {
  writeLittleEndian(bytes, virtio + HDR_LEN_OFFSET, value);
}

/** Writes the low 16 bits of `value` where {@link readCsumStart} reads. */
export function writeCsumStart(bytes: Uint8Array, virtio: number, value: number): void {
  writeLittleEndian(bytes, virtio + CSUM_START_OFFSET, value);
}

/**
 * Writes a header at `offset`, by default one without work. Returns where the frame goes; undefined if a field is out
 * of range.
 */
export function writeVirtio(
  bytes: Uint8Array,
  offset: Written,
  header: Partial<VirtioHeader> = NO_WORK,
): Written {
  const { flags = 0, gsoType = GSO_NONE, ecn = false } = header;
  const { hdrLen = 0, gsoSize = 0, csumStart = 0, csumOffset = 0 } = header;
  if (!hasRoom(bytes, offset, VIRTIO_BYTES) || !isField(flags, 0xff) || !isField(gsoType, 0x7f))
    return undefined;
  if (!isField(hdrLen, 0xffff) || !isField(gsoSize, 0xffff)) return undefined;
  if (!isField(csumStart, 0xffff) || !isField(csumOffset, 0xffff)) return undefined;
  bytes[offset] = flags;
  bytes[offset + GSO_OFFSET] = gsoType | (ecn ? GSO_ECN : 0);
  writeLittleEndian(bytes, offset + HDR_LEN_OFFSET, hdrLen);
  writeLittleEndian(bytes, offset + GSO_SIZE_OFFSET, gsoSize);
  writeLittleEndian(bytes, offset + CSUM_START_OFFSET, csumStart);
  writeLittleEndian(bytes, offset + CSUM_OFFSET_OFFSET, csumOffset);
  return offset + VIRTIO_BYTES;
}

function readLittleEndian(bytes: Uint8Array, offset: number): number {
  return (bytes[offset] ?? 0) | ((bytes[offset + 1] ?? 0) << 8);
}

function writeLittleEndian(bytes: Uint8Array, offset: number, value: number): void {
  bytes[offset] = value;
  bytes[offset + 1] = value >>> 8;
}
