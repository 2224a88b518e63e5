/**
 * The classic capture format of libpcap, little-endian, microseconds:
 * https://www.ietf.org/archive/id/draft-ietf-opsawg-pcap-04.html
 */

const MAGIC = 0xa1b2_c3d4;
const VERSION = [2, 4] as const;
const SNAP_LENGTH = 0x4_0000;
const LINKTYPE_ETHERNET = 1;
const FILE_HEADER_BYTES = 24;
const PACKET_HEADER_BYTES = 16;

/** A capture of Ethernet frames, one second apart. */
export function encodePcap(frames: readonly Uint8Array[]): Uint8Array {
  const size = frames.reduce((sum, frame) => sum + PACKET_HEADER_BYTES + frame.length, FILE_HEADER_BYTES);
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint16(4, VERSION[0], true);
  view.setUint16(6, VERSION[1], true);
  view.setUint32(16, SNAP_LENGTH, true);
  view.setUint32(20, LINKTYPE_ETHERNET, true);
  let offset = FILE_HEADER_BYTES;
  for (const [second, frame] of frames.entries()) {
    view.setUint32(offset, second, true);
    view.setUint32(offset + 8, frame.length, true);
    view.setUint32(offset + 12, frame.length, true);
    bytes.set(frame, offset + PACKET_HEADER_BYTES);
    offset += PACKET_HEADER_BYTES + frame.length;
  }
  return bytes;
}
