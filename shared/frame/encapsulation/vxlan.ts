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
 * I: the VNI is valid. Reserved fields are 0 on send and ignored on receipt.
 *
 * Two extensions use reserved fields, if both ends are configured for them. Group-based policy (GBP,
 * draft-smith-vxlan-group-policy-05 section 2.1) marks frames with their source's group:
 *
 * ```
 * |G|R|R|R|I|R|R|R|R|D|R|R|A|R|R|R|        group policy id        |
 * ```
 *
 * D: do not learn from the frame; A: the policy was applied already. The generic protocol extension (GPE,
 * draft-ietf-nvo3-vxlan-gpe-12 section 3) names the payload's protocol, and has its own UDP port:
 *
 * ```
 * |R|R|Ver|I|P|B|O|       reserved                |next protocol  |
 * ```
 *
 * P: the next protocol is valid; B: a BUM frame; O: for operation and maintenance, not for a segment.
 */
import {
  hasRoom,
  holds,
  isField,
  readUint16,
  readUint32,
  type Written,
  writeUint16,
  writeUint32,
} from "../bytes.ts";
import { Malformed } from "../malformed.ts";

/** Length of the header in bytes. */
export const VXLAN_HEADER_BYTES = 8;

/** UDP destination port assigned by IANA. */
export const VXLAN_PORT = 4789;

/** The highest VNI: 24 bits. */
export const MAX_VNI = 0xff_ffff;

/** UDP destination port of GPE. */
export const VXLAN_GPE_PORT = 4790;

/** GPE's number for an Ethernet frame. */
export const GPE_ETHERNET = 3;

const GPE_VERSION = 0x30;
const GPE_PROTOCOL_FLAG = 0x04;
const GPE_OAM_FLAG = 0x01;

const POLICY_FLAG = 0x80;
const DONT_LEARN_FLAG = 0x40;
const APPLIED_FLAG = 0x08;

const VNI_FLAG = 0x08;
const VNI_OFFSET = 4;

/** A decoded header: the frame is [payload, end). */
export interface Vxlan {
  readonly vni: number;
  readonly payload: number;
  readonly end: number;
}

/** Returns whether the I flag of the header at `offset` is set; without it the packet must be dropped (RFC 7348 §5). */
export function hasVniFlag(bytes: Uint8Array, offset: number): boolean {
  return ((bytes[offset] ?? 0) & VNI_FLAG) !== 0;
}

/**
 * Returns the VNI of the header at `offset`. Checks and allocates nothing: the caller knows that eight bytes are there.
 */
export function readVni(bytes: Uint8Array, offset: number): number {
  return readUint32(bytes, offset + VNI_OFFSET) >>> 8;
}

/**
 * Writes a header for `vni` at `offset` and returns where the frame begins; undefined if either is out of range.
 */
export function writeVxlan(bytes: Uint8Array, offset: Written, vni: number): Written {
  if (!hasRoom(bytes, offset, VXLAN_HEADER_BYTES) || !isField(vni, MAX_VNI)) return undefined;
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

/** The fields of GBP. */
export interface GroupPolicy {
  /** 16 bits. */
  readonly group: number;
  readonly dontLearn: boolean;
  readonly applied: boolean;
}

/**
 * Returns the GBP fields of the header at `offset`; undefined if its G flag is 0. The caller knows that it is there.
 */
export function readGroupPolicy(bytes: Uint8Array, offset: number): GroupPolicy | undefined {
  if (((bytes[offset] ?? 0) & POLICY_FLAG) === 0) return undefined;
  const flags = bytes[offset + 1] ?? 0;
  return {
    group: readUint16(bytes, offset + 2),
    dontLearn: (flags & DONT_LEARN_FLAG) !== 0,
    applied: (flags & APPLIED_FLAG) !== 0,
  };
}

/** Adds GBP fields to the header that {@link writeVxlan} wrote at `offset`, unless the group is out of range. */
export function writeGroupPolicy(bytes: Uint8Array, offset: number, policy: GroupPolicy): void {
  if (!hasRoom(bytes, offset, VXLAN_HEADER_BYTES) || !isField(policy.group, 0xffff)) return;
  bytes[offset] = (bytes[offset] ?? 0) | POLICY_FLAG;
  bytes[offset + 1] = (policy.dontLearn ? DONT_LEARN_FLAG : 0) | (policy.applied ? APPLIED_FLAG : 0);
  writeUint16(bytes, offset + 2, policy.group);
}

/**
 * Decodes the GPE header at the start of [start, end), around an Ethernet frame. Returns `bad-version` for another
 * version, and `bad-type` for another payload or a maintenance packet. Never throws.
 */
export function decodeVxlanGpe(bytes: Uint8Array, start: number, end: number): Vxlan | Malformed {
  const vxlan = decodeVxlan(bytes, start, end);
  if (vxlan instanceof Malformed) return vxlan;
  const flags = bytes[start] ?? 0;
  if ((flags & GPE_VERSION) !== 0) return new Malformed("vxlan", "bad-version");
  const isFrame = (flags & GPE_PROTOCOL_FLAG) === 0 || bytes[start + 3] === GPE_ETHERNET;
  return isFrame && (flags & GPE_OAM_FLAG) === 0 ? vxlan : new Malformed("vxlan", "bad-type");
}

/** Does the same as {@link writeVxlan} with GPE, for an Ethernet frame. */
export function writeVxlanGpe(bytes: Uint8Array, offset: Written, vni: number): Written {
  const frame = writeVxlan(bytes, offset, vni);
  if (offset === undefined || frame === undefined) return undefined;
  bytes[offset] = VNI_FLAG | GPE_PROTOCOL_FLAG;
  bytes[offset + 3] = GPE_ETHERNET;
  return frame;
}
