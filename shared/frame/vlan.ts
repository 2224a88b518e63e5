/**
 * Reads, removes and inserts VLAN tags (IEEE 802.1Q clause 9) in place. ethernet.ts treats a tag as part of the header; here
 * the tag goes while everything behind it stays:
 *
 * ```
 *  frame               6                   12      14      16
 *  +-------------------+-------------------+-------+-------+-------+----------
 *  |    destination    |      source       | 8100  |  TCI  | type  | payload …
 *  +-------------------+-------------------+-------+-------+-------+----------
 *          frame + 4
 *  +-------+-------------------+-------------------+-------+----------
 *  |       |    destination    |      source       | type  | payload …      the addresses have moved
 *  +-------+-------------------+-------------------+-------+----------
 * ```
 *
 * The caller knows that [frame, end) has an Ethernet header at least.
 */
import { hasRoom, readUint16, type Written, writeUint16 } from "./bytes.ts";
import { ETHERTYPE_VLAN, findEtherType, isVlanTag, VLAN_TAG_BYTES } from "./ethernet.ts";
import { MAC_BYTES } from "./mac.ts";

/** Length of both addresses, which move when a tag behind them is inserted or removed. */
export const ADDRESSES_BYTES = 2 * MAC_BYTES;

/** The id of a priority tag (802.1Q clause 9.6), which names no VLAN, so the frame counts as untagged. */
export const UNTAGGED_VLAN = 0;

/** The highest id that a VLAN may have. */
export const MAX_VLAN = 4094;

/** Reserved (802.1Q clause 9.6): no VLAN has this id. */
export const RESERVED_VLAN = 4095;

/** The result of {@link readVlan} for a frame without a tag. */
export const NO_TAG = -1;

/** Returns whether a VLAN may have this id. */
export function isVlan(id: number): boolean {
  return Number.isInteger(id) && id > UNTAGGED_VLAN && id <= MAX_VLAN;
}

/**
 * Returns the id in the outer tag, 802.1Q's or 802.1ad's: 0 ({@link UNTAGGED_VLAN}) to 4095 ({@link RESERVED_VLAN}, also for
 * a tag that the frame's end cuts short), or {@link NO_TAG}.
 */
export function readVlan(bytes: Uint8Array, frame: number, end: number): number {
  const tag = frame + ADDRESSES_BYTES;
  if (tag + 2 > end || !isVlanTag(readUint16(bytes, tag))) return NO_TAG;
  if (tag + VLAN_TAG_BYTES + 2 > end) return RESERVED_VLAN;
  return readUint16(bytes, tag + 2) & 0x0fff;
}

/**
 * Returns the VLAN of a frame on a trunk (802.1Q clause 6.9.1): 1 to 4094, {@link UNTAGGED_VLAN} for a frame without a tag
 * or with a priority tag, or {@link RESERVED_VLAN} for a frame in none. The last are: the reserved id, a tag cut short, the
 * tag of a provider's bridge (802.1ad), whose VLAN 10 is another one, and a priority tag before another tag, which Linux
 * reads as the other.
 */
export function classifyVlan(bytes: Uint8Array, frame: number, end: number): number {
  const vlan = readVlan(bytes, frame, end);
  if (vlan === NO_TAG) return UNTAGGED_VLAN;
  const tag = frame + ADDRESSES_BYTES;
  if (readUint16(bytes, tag) !== ETHERTYPE_VLAN) return RESERVED_VLAN;
  if (vlan === UNTAGGED_VLAN && isVlanTag(readUint16(bytes, tag + VLAN_TAG_BYTES))) return RESERVED_VLAN;
  return vlan;
}

/** Returns the number of tags before the EtherType, of either kind, or -1 if the frame ends before it. */
export function countTags(bytes: Uint8Array, frame: number, end: number): number {
  const type = findEtherType(bytes, frame, end);
  return type < 0 ? -1 : (type - frame - ADDRESSES_BYTES) / VLAN_TAG_BYTES;
}

/**
 * Removes the outer tag, or the `tags` outer ones, which must be there. The bytes before the frame stay.
 *
 * @returns where the frame begins now; the bytes from `frame` up to there are invalid
 */
export function stripVlan(bytes: Uint8Array, frame: number, tags = 1): number {
  const by = tags * VLAN_TAG_BYTES;
  moveUp(bytes, frame, frame + ADDRESSES_BYTES, by);
  return frame + by;
}

/** Least length of a frame on a wire, without its FCS (IEEE 802.3 clause 4A.4.2: 64 with it). */
const LEAST_ON_WIRE = 60;

/** Returns whether a frame is long enough for a wire, and would not be without its `tags` outer tags. */
export function isShortWithoutTags(frame: number, end: number, tags = 1): boolean {
  const length = end - frame;
  return length >= LEAST_ON_WIRE && length - tags * VLAN_TAG_BYTES < LEAST_ON_WIRE;
}

/**
 * Removes the outer tag, or the `tags` outer ones, which must be there, and pads the frame with zeros to its former length.
 * The bytes behind the tags move, and the frame begins where it did.
 */
export function stripVlanPadded(bytes: Uint8Array, frame: number, end: number, tags = 1): void {
  const by = tags * VLAN_TAG_BYTES;
  bytes.copyWithin(frame + ADDRESSES_BYTES, frame + ADDRESSES_BYTES + by, end);
  bytes.fill(0, end - by, end);
}

/**
 * Inserts an 802.1Q tag before all others, with priority 0. Uses the 4 bytes before the frame.
 *
 * @returns where the frame begins now; undefined, with nothing moved, if there are no 4 bytes before it
 */
export function insertVlan(bytes: Uint8Array, frame: number, vlan: number): Written {
  const start = frame - VLAN_TAG_BYTES;
  if (start < 0) return undefined;
  moveDown(bytes, frame, frame + ADDRESSES_BYTES, VLAN_TAG_BYTES);
  writeTag(bytes, start, vlan);
  return start;
}

/**
 * Copies the frame to `into` with an 802.1Q tag before all others, priority 0, and returns where the copy ends; undefined if
 * it does not fit.
 */
export function copyWithVlan(
  bytes: Uint8Array,
  frame: number,
  end: number,
  vlan: number,
  into: Uint8Array,
  at: number,
): Written {
  const length = VLAN_TAG_BYTES + end - frame;
  if (!hasRoom(into, at, length)) return undefined;
  const addresses = frame + ADDRESSES_BYTES;
  into.set(bytes.subarray(frame, addresses), at);
  writeTag(into, at, vlan);
  into.set(bytes.subarray(addresses, end), at + ADDRESSES_BYTES + VLAN_TAG_BYTES);
  return at + length;
}

/** Moves `bytes[start, end)` to higher offsets. A loop: for two dozen bytes `copyWithin` takes longer to call. */
export function moveUp(bytes: Uint8Array, start: number, end: number, by: number): void {
  for (let i = end - 1; i >= start; i--) bytes[i + by] = bytes[i] as number;
}

/** Moves `bytes[start, end)` to lower offsets. */
export function moveDown(bytes: Uint8Array, start: number, end: number, by: number): void {
  for (let i = start; i < end; i++) bytes[i - by] = bytes[i] as number;
}

function writeTag(bytes: Uint8Array, frame: number, vlan: number): void {
  writeUint16(bytes, frame + ADDRESSES_BYTES, ETHERTYPE_VLAN);
  writeUint16(bytes, frame + ADDRESSES_BYTES + 2, vlan);
}
