/**
 * Records, the binary half of `laneway.v1` (docs/protocol.md, "Binary messages").
 *
 * ```
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +---------------+-----------------------------------------------+
 * |     type      |        length of what follows, in bytes       |
 * +---------------+-----------------------------------------------+
 * |R|R|R|R|I|R|R|R|                   reserved                    |  VXLAN header,
 * +---------------+-------------------------------+---------------+  RFC 7348 section 5
 * |          VXLAN network identifier (VNI)       |   reserved    |
 * +-----------------------------------------------+---------------+
 * |  type 2 only: virtio-net header, 10 bytes, little-endian      |
 * +---------------------------------------------------------------+
 * |  the Ethernet frame, from the destination address, no FCS     |
 * +---------------------------------------------------------------+
 * ```
 *
 * A record is also the shape in which a packet goes through the switch: its frame never moves, and what
 * a port has to put in front of it is there already.
 */
import { writeVxlan } from "../frame/encapsulation/vxlan.ts";
import { VIRTIO_BYTES } from "../offload/virtio.ts";
import type { Block } from "../tunnel/block.ts";

/** Bytes of the record's own header: type and length. */
export const RECORD_HEADER_BYTES = 4;

/** Bytes of record header and VXLAN header, which precede a frame in a record of type {@link RECORD_VXLAN}. */
export const ENCAPSULATION_BYTES = 12;

/** Bytes that precede a frame in a record of type {@link RECORD_OFFLOAD}: the same and the virtio-net header. */
export const OFFLOAD_BYTES = ENCAPSULATION_BYTES + VIRTIO_BYTES;

/** A VXLAN packet. */
export const RECORD_VXLAN = 1;

/** A VXLAN packet with segmentation or checksum work left to do (feature `offload`). */
export const RECORD_OFFLOAD = 2;

/** Returns whether the record at `start` may have work left to do. */
export function isOffload(bytes: Uint8Array, start: number): boolean {
  return bytes[start] === RECORD_OFFLOAD;
}

/** Returns the minimum length behind the header of a record of this type; 0 for types that are skipped. */
export function minimumLength(type: number): number {
  if (type === RECORD_VXLAN) return 8 + 14;
  if (type === RECORD_OFFLOAD) return 8 + VIRTIO_BYTES + 14;
  return 0;
}

/** Returns the type of the record at `start`; the caller has checked that {@link RECORD_HEADER_BYTES} are there. */
export function recordType(bytes: Uint8Array, start: number): number {
  return bytes[start] as number;
}

/** Returns the length, in bytes, behind the header of the record at `start`. */
export function recordLength(bytes: Uint8Array, start: number): number {
  return (
    ((bytes[start + 1] as number) << 16) | ((bytes[start + 2] as number) << 8) | (bytes[start + 3] as number)
  );
}

/**
 * Writes record and VXLAN header into the {@link ENCAPSULATION_BYTES} at `start`.
 *
 * @param bytes the buffer that holds headroom and frame
 * @param start where the headroom begins; any header that the type implies comes after it
 * @param end where the frame ends
 * @param vni 24 bits
 * @param type {@link RECORD_OFFLOAD} if a virtio-net header lies between headroom and frame
 */
export function encapsulate(
  bytes: Uint8Array,
  start: number,
  end: number,
  vni: number,
  type: typeof RECORD_VXLAN | typeof RECORD_OFFLOAD = RECORD_VXLAN,
): void {
  const length = end - start - RECORD_HEADER_BYTES;
  bytes[start] = type;
  bytes[start + 1] = length >>> 16;
  bytes[start + 2] = length >>> 8;
  bytes[start + 3] = length;
  writeVxlan(bytes, start + RECORD_HEADER_BYTES, vni);
}

/** The fault of a binary message that cannot be read on; it closes the session with 4002. */
export type RecordFault =
  | "empty message"
  | "record runs past the end"
  | "record shorter than its type allows"
  | "several records without the feature batch";

/** Receives the records of {@link readRecords}. */
export interface RecordReader {
  /**
   * Receives the record `block.bytes[start, end)`.
   *
   * @returns whether the next record may follow now
   */
  record(type: number, block: Block, start: number, end: number): boolean;
}

/**
 * Reads a binary message record by record. Records before a malformed one have already been passed on.
 *
 * @param from where to begin in the message `block.bytes[0, size)`: 0, or the result of an earlier call
 * @param batch whether the session has the feature `batch`; without it a message is one record
 * @returns where the first record begins that was not passed on (`size` if all were), or the fault of a malformed
 *   message
 */
export function readRecords(
  block: Block,
  from: number,
  size: number,
  batch: boolean,
  reader: RecordReader,
): RecordFault | number {
  if (size === 0) return "empty message";
  const { bytes } = block;
  let start = from;
  while (start < size) {
    if (size - start < RECORD_HEADER_BYTES) return "record runs past the end";
    const type = recordType(bytes, start);
    const length = recordLength(bytes, start);
    const end = start + RECORD_HEADER_BYTES + length;
    if (end > size) return "record runs past the end";
    if (length < minimumLength(type)) return "record shorter than its type allows";
    if (!batch && end < size) return "several records without the feature batch";
    start = end;
    if (!reader.record(type, block, end - RECORD_HEADER_BYTES - length, end)) break;
  }
  return start;
}
