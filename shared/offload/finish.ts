/**
 * Does the work that a virtio-net header left undone, for receivers that cannot accept such a header (docs/protocol.md,
 * "Binary messages": no record of type 2 for a session without `offload`).
 */
import { holds } from "../frame/bytes.ts";
import { ETHERNET_HEADER_BYTES } from "../frame/ethernet.ts";
import { completeCsum } from "./csum.ts";
import { OffloadFault } from "./fault.ts";
import { findPacket, hasCsumAt } from "./packet.ts";
import { PlainFrames, RECORD_HEADROOM } from "./plain-frames.ts";
import { cutSuperFrame } from "./super-frame.ts";
import {
  GSO_NONE,
  hasEcn,
  hasWork,
  readCsumOffset,
  readCsumStart,
  readGsoType,
  VIRTIO_BYTES,
} from "./virtio.ts";

export { OffloadFault, type OffloadFaultReason } from "./fault.ts";
export { PlainFrames, RECORD_HEADROOM } from "./plain-frames.ts";

/**
 * Turns the frame in [frame, end) into the Ethernet frames it stands for, in a new buffer.
 *
 * Trusts no header: the frame's own headers say what is cut where, and the virtio-net header must agree. Ignores
 * hdr_len, which Linux itself treats as a hint. Reads no byte outside the two ranges, and never throws.
 *
 * @param virtio where the virtio-net header is, at least {@link VIRTIO_BYTES} before `frame`
 * @returns the frames, together at most four times as large (`MAX_EXPANSION`), or the reason why there are none
 */
export function finish(
  bytes: Uint8Array,
  virtio: number,
  frame: number,
  end: number,
): PlainFrames | OffloadFault {
  if (!holds(bytes, virtio, frame, VIRTIO_BYTES)) return new OffloadFault("truncated");
  if (!holds(bytes, frame, end, ETHERNET_HEADER_BYTES)) return new OffloadFault("truncated");
  if (!hasWork(bytes, virtio)) return copyFrame(bytes, frame, end);
  const packet = findPacket(bytes, frame, end);
  if (packet instanceof OffloadFault) return packet;
  // An ECN bit without a type is unknown too.
  if (readGsoType(bytes, virtio) !== GSO_NONE || hasEcn(bytes, virtio)) {
    return cutSuperFrame(bytes, virtio, frame, end, packet);
  }
  const start = readCsumStart(bytes, virtio);
  const offset = readCsumOffset(bytes, virtio);
  if (!hasCsumAt(packet, frame + start, offset)) return new OffloadFault("csum-misplaced");
  const frames = copyFrame(bytes, frame, end);
  const moved = RECORD_HEADROOM - frame;
  completeCsum(new DataView(frames.bytes.buffer), RECORD_HEADROOM + start, offset, packet.end + moved);
  return frames;
}

function copyFrame(bytes: Uint8Array, frame: number, end: number): PlainFrames {
  const copy = new Uint8Array(RECORD_HEADROOM + end - frame);
  copy.set(bytes.subarray(frame, end), RECORD_HEADROOM);
  return new PlainFrames(copy, 1, copy.length);
}
