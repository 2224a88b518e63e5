/**
 * The VXLAN header, RFC 7348 §5. It comes after a UDP header, or in a record of the tunnel, and before an
 * Ethernet frame without FCS:
 *
 * ```
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-----------------------------------------------+
 * |R|R|R|R|I|R|R|R|                   reserved                    |
 * +-+-+-+-+-+-+-+-+-------------------------------+---------------+
 * |      VXLAN network identifier (VNI), 24 bits  |   reserved    |
 * +-----------------------------------------------+---------------+
 * ```
 *
 * I says that the VNI is valid. What is reserved is 0 on send and ignored on receipt.
 */
import { holds, readUint32, requireField, requireRoom, writeUint32 } from "./bytes.ts";
import { Malformed } from "./malformed.ts";

/** Length of the header in bytes. */
export const VXLAN_HEADER_BYTES = 8;

/** UDP destination port assigned by IANA. */
export const VXLAN_PORT = 4789;

/** The highest VNI: 24 bits. */
export const MAX_VNI = 0xff_ffff;

const VNI_FLAG = 0x08;
const VNI_OFFSET = 4;

/** A decoded header: the frame is [payload, end). */
export interface Vxlan {
  readonly vni: number;
  readonly payload: number;
  readonly end: number;
}

/** Whether the I flag of the header at `offset` is set; without it the packet must be dropped (RFC 7348 §5). */
export function hasVniFlag(bytes: Uint8Array, offset: number): boolean {
  return ((bytes[offset] ?? 0) & VNI_FLAG) !== 0;
}

/**
 * The VNI of the header at `offset`. Checks and allocates nothing: the caller knows that eight bytes are
 * there.
 */
export function readVni(bytes: Uint8Array, offset: number): number {
  return readUint32(bytes, offset + VNI_OFFSET) >>> 8;
}

/**
 * Writes a header for `vni` at `offset` and returns where the frame begins. Throws a RangeError if either
 * is out of range.
 */
export function writeVxlan(bytes: Uint8Array, offset: number, vni: number): number {
  requireRoom(bytes, offset, VXLAN_HEADER_BYTES);
  requireField("VNI", vni, MAX_VNI);
  writeUint32(bytes, offset, VNI_FLAG << 24);
  writeUint32(bytes, offset + VNI_OFFSET, vni << 8);
  return offset + VXLAN_HEADER_BYTES;
}

/** Decodes the header at the start of [start, end). Never throws. */
export function decodeVxlan(bytes: Uint8Array, start: number, end: number): Vxlan | Malformed {
  if (!holds(bytes, start, end, VXLAN_HEADER_BYTES)) return new Malformed("vxlan", "truncated");
  if (!hasVniFlag(bytes, start)) return new Malformed("vxlan", "no-vni");
  return { vni: readVni(bytes, start), payload: start + VXLAN_HEADER_BYTES, end };
}
