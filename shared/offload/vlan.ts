/**
 * Removes and inserts VLAN tags of frames behind a virtio-net header, in place (see ../frame/vlan.ts). The header stays
 * directly before the frame, and its offsets from the frame's start are updated.
 *
 * csum_start moves with the tag. hdr_len, a hint that may be too large but not larger than the frame, is raised with a
 * tag and not lowered without, because Linux leaves the outer tag out.
 */
import type { Written } from "../frame/bytes.ts";
import { VLAN_TAG_BYTES } from "../frame/ethernet.ts";
import {
  ADDRESSES_BYTES,
  copyWithVlan,
  insertVlan,
  isShortWithoutTags,
  moveDown,
  moveUp,
  stripVlan,
  stripVlanPadded,
} from "../frame/vlan.ts";
import { needsCsum, readCsumStart, readHdrLen, VIRTIO_BYTES, writeCsumStart, writeHdrLen } from "./virtio.ts";

const MAX_UINT16 = 0xffff;

/**
 * Removes the outer tag, or the `tags` outer tags, which must be present, of the frame in [frame, end), whose header is
 * directly before it.
 *
 * @returns where the frame begins now, with its header directly before it
 */
export function stripVlanOffload(bytes: Uint8Array, frame: number, end: number, tags = 1): number {
  const by = tags * VLAN_TAG_BYTES;
  moveUp(bytes, frame - VIRTIO_BYTES, frame + ADDRESSES_BYTES, by);
  const stripped = frame + by;
  const virtio = stripped - VIRTIO_BYTES;
  lowerCsumStart(bytes, virtio, by);
  if (readHdrLen(bytes, virtio) > end - stripped) writeHdrLen(bytes, virtio, end - stripped);
  return stripped;
}

/**
 * Removes the `tags` outer tags, which must be present, of a frame that goes to a wire. Appends zeros if the frame
 * would become too short.
 *
 * @param isOffload whether there is a virtio-net header directly before the frame
 * @returns where the frame begins now, with its header directly before it
 */
export function untag(bytes: Uint8Array, frame: number, end: number, isOffload: boolean, tags = 1): number {
  if (!isShortWithoutTags(frame, end, tags)) {
    return isOffload ? stripVlanOffload(bytes, frame, end, tags) : stripVlan(bytes, frame, tags);
  }
  stripVlanPadded(bytes, frame, end, tags);
  if (isOffload) lowerCsumStart(bytes, frame - VIRTIO_BYTES, tags * VLAN_TAG_BYTES);
  return frame;
}

/**
 * Inserts an 802.1Q tag before all others, with priority 0: header and addresses move into the 4 bytes before the
 * header, which is directly before the frame.
 *
 * @returns where the frame begins now, with its header directly before it; undefined, with nothing moved, without 4
 *   bytes before the header
 */
export function insertVlanOffload(bytes: Uint8Array, frame: number, vlan: number): Written {
  const virtio = frame - VIRTIO_BYTES;
  if (virtio < VLAN_TAG_BYTES) return undefined;
  moveDown(bytes, virtio, frame, VLAN_TAG_BYTES);
  const tagged = insertVlan(bytes, frame, vlan);
  if (tagged !== undefined) countTag(bytes, tagged - VIRTIO_BYTES);
  return tagged;
}

/**
 * Copies header and frame to `into` with an 802.1Q tag before all others, priority 0. Returns where the copy ends, or
 * undefined if it does not fit. In both, the header is directly before the frame.
 */
export function copyWithVlanOffload(
  bytes: Uint8Array,
  frame: number,
  end: number,
  vlan: number,
  into: Uint8Array,
  at: number,
): Written {
  const last = copyWithVlan(bytes, frame, end, vlan, into, at + VIRTIO_BYTES);
  if (last === undefined) return undefined;
  into.set(bytes.subarray(frame - VIRTIO_BYTES, frame), at);
  countTag(into, at);
  return last;
}

function lowerCsumStart(bytes: Uint8Array, virtio: number, by: number): void {
  // Never below 0, so that an inconsistent header does not turn into a different valid one.
  if (needsCsum(bytes, virtio)) writeCsumStart(bytes, virtio, Math.max(readCsumStart(bytes, virtio) - by, 0));
}

function countTag(bytes: Uint8Array, virtio: number): void {
  if (needsCsum(bytes, virtio)) {
    writeCsumStart(bytes, virtio, Math.min(readCsumStart(bytes, virtio) + VLAN_TAG_BYTES, MAX_UINT16));
  }
  const hdrLen = readHdrLen(bytes, virtio);
  if (hdrLen > 0) writeHdrLen(bytes, virtio, Math.min(hdrLen + VLAN_TAG_BYTES, MAX_UINT16));
}
