/**
 * Ethernet II (IEEE 802.3 §3.2) with the tags of IEEE 802.1Q and 802.1ad, without the FCS:
 *
 * ```
 *  0                   6                   12      14
 *  +-------------------+-------------------+-------+----------
 *  |    destination    |      source       | type  | payload …      untagged
 *  +-------------------+-------------------+-------+----------
 *
 *  12      14      16      18
 *  +-------+-------+-------+----------
 *  | TPID  |  TCI  | type  | payload …                              with one tag; more go before the type
 *  +-------+-------+-------+----------
 *
 *  TCI:  PCP (3 bits) | DEI (1 bit) | VLAN id (12 bits)
 * ```
 */
import { hasRoom, holds, isField, readUint16, type Written, writeUint16 } from "./bytes.ts";
import { BROADCAST_MAC, MAC_BYTES, readMac, writeMac } from "./mac.ts";
import { Malformed } from "./malformed.ts";

/** Length of an untagged header, which is the least length of a frame. */
export const ETHERNET_HEADER_BYTES = 14;

/** Length of one tag. */
export const VLAN_TAG_BYTES = 4;

/** Offset of the source address in a frame; the destination is at 0. */
export const ETHERNET_SOURCE_OFFSET = 6;

const TYPE_OFFSET = 12;

/** The greatest type field that is a length (IEEE 802.3 §3.2.6). */
const MAX_LENGTH_FIELD = 1500;

export const ETHERTYPE_IPV4 = 0x0800;
export const ETHERTYPE_ARP = 0x0806;
/** Transparent Ethernet Bridging: a frame inside GRE. */
export const ETHERTYPE_TEB = 0x6558;
/** The tag of IEEE 802.1Q, also the inner one (C-tag) of Q-in-Q. */
export const ETHERTYPE_VLAN = 0x8100;
export const ETHERTYPE_IPV6 = 0x86dd;
/** The outer tag of Q-in-Q (S-tag, IEEE 802.1ad). */
export const ETHERTYPE_SERVICE_VLAN = 0x88a8;
/** IEEE 802 Local Experimental EtherType 1. */
export const ETHERTYPE_EXPERIMENTAL = 0x88b5;

/** One 802.1Q or 802.1ad tag. */
export interface VlanTag {
  /** {@link ETHERTYPE_VLAN} or {@link ETHERTYPE_SERVICE_VLAN}. */
  readonly tpid: number;
  /** PCP, 0–7. */
  readonly priority: number;
  /** DEI. */
  readonly dropEligible: boolean;
  /** 0–4095; 0 is a priority tag, 4095 is reserved and left to the caller's policy. */
  readonly vlan: number;
}

/** The fields of an Ethernet header. */
export interface EthernetHeader {
  readonly destination: number;
  readonly source: number;
  /** From the outside in; empty for an untagged frame. */
  readonly tags: readonly VlanTag[];
  /** Follows all tags. Up to 1500 it is the payload's length, and an LLC header follows. */
  readonly etherType: number;
}

/** A decoded header: the payload is [payload, end), without padding if the frame has a length. */
export interface Ethernet extends EthernetHeader {
  readonly payload: number;
  readonly end: number;
}

/** Returns whether `etherType` announces a tag rather than a payload. */
export function isVlanTag(etherType: number): boolean {
  return etherType === ETHERTYPE_VLAN || etherType === ETHERTYPE_SERVICE_VLAN;
}

/**
 * Returns the offset of the EtherType past any tags, or -1 if the frame in [frame, end) ends before it. Allocates nothing,
 * because it is called for every frame.
 */
export function findEtherType(bytes: Uint8Array, frame: number, end: number): number {
  if (!holds(bytes, frame, end, ETHERNET_HEADER_BYTES)) return -1;
  let offset = frame + TYPE_OFFSET;
  while (isVlanTag(readUint16(bytes, offset))) {
    offset += VLAN_TAG_BYTES;
    if (offset + 2 > end) return -1;
  }
  return offset;
}

/** Decodes the frame in [start, end). Never throws. */
export function decodeEthernet(bytes: Uint8Array, start: number, end: number): Ethernet | Malformed {
  const typeOffset = findEtherType(bytes, start, end);
  if (typeOffset < 0) return new Malformed("ethernet", "truncated");
  const tags: VlanTag[] = [];
  for (let offset = start + TYPE_OFFSET; offset < typeOffset; offset += VLAN_TAG_BYTES) {
    tags.push(readTag(bytes, offset));
  }
  const etherType = readUint16(bytes, typeOffset);
  const payload = typeOffset + 2;
  const payloadEnd = etherType <= MAX_LENGTH_FIELD ? payload + etherType : end;
  if (payloadEnd > end) return new Malformed("ethernet", "truncated");
  return {
    destination: readMac(bytes, start),
    source: readMac(bytes, start + ETHERNET_SOURCE_OFFSET),
    tags,
    etherType,
    payload,
    end: payloadEnd,
  };
}

/**
 * Writes `header` at `offset` and returns where the payload begins; undefined for a field out of range, such as an
 * EtherType that announces a tag if there is no tag for it.
 */
export function encodeEthernet(bytes: Uint8Array, offset: Written, header: EthernetHeader): Written {
  const { destination, source, tags, etherType } = header;
  if (!hasRoom(bytes, offset, ETHERNET_HEADER_BYTES + tags.length * VLAN_TAG_BYTES)) return undefined;
  if (!isField(etherType, 0xffff) || isVlanTag(etherType) || !tags.every(isTag)) return undefined;
  if (!isField(destination, BROADCAST_MAC) || !isField(source, BROADCAST_MAC)) return undefined;

  writeMac(bytes, offset, destination);
  writeMac(bytes, offset + MAC_BYTES, source);
  let at = offset + 2 * MAC_BYTES;
  for (const tag of tags) {
    writeUint16(bytes, at, tag.tpid);
    writeUint16(bytes, at + 2, (tag.priority << 13) | (tag.dropEligible ? 0x1000 : 0) | tag.vlan);
    at += VLAN_TAG_BYTES;
  }
  writeUint16(bytes, at, etherType);
  return at + 2;
}

function readTag(bytes: Uint8Array, offset: number): VlanTag {
  const control = readUint16(bytes, offset + 2);
  return {
    tpid: readUint16(bytes, offset),
    priority: control >>> 13,
    dropEligible: (control & 0x1000) !== 0,
    vlan: control & 0x0fff,
  };
}

function isTag({ tpid, priority, vlan }: VlanTag): boolean {
  return isVlanTag(tpid) && isField(priority, 7) && isField(vlan, 0xfff);
}
