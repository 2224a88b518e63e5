/**
 * Whether the frame at `frame` goes to 01:80:C2:00:00:01: PAUSE and other MAC control (IEEE 802.3 clause 31), which speaks of
 * the link between two machines, ends at the first, and would stop another's. The caller knows that six bytes are there.
 */
export function isMacControl(bytes: Uint8Array, frame: number): boolean {
  return isLinkLocalControl(bytes, frame) && bytes[frame + 5] === 0x01;
}

/**
 * Whether the frame at `frame` goes to 01:80:C2:00:00:00–0F: STP, LACP, 802.1X, LLDP and their like, which concern one
 * link and which no bridge forwards (IEEE 802.1Q section 8.6.3). The caller knows that six bytes are there.
 */
export function isLinkLocalControl(bytes: Uint8Array, frame: number): boolean {
  return (
    bytes[frame] === 0x01 &&
    bytes[frame + 1] === 0x80 &&
    bytes[frame + 2] === 0xc2 &&
    bytes[frame + 3] === 0 &&
    bytes[frame + 4] === 0 &&
    (bytes[frame + 5] ?? 0xff) <= 0x0f
  );
}
