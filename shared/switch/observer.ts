import type { DropReason } from "./drops.ts";
import type { Port } from "./port.ts";

/**
 * Sees every frame of a segment, for a capture. Costs a segment without one a branch.
 *
 * The frame `bytes[frame, end)` is borrowed: it is valid only until the call returns. It may be a super-frame, as a record
 * of type 2 holds it: up to 64 KiB, with checksums left to do.
 */
export interface SegmentObserver {
  /** Sees a frame that came in at a port, forwarded or not: counted as `rxFrames`. */
  received(port: Port, bytes: Uint8Array, frame: number, end: number): void;
  /** Sees a frame that a port got to transmit: counted as `txFrames`. */
  sent(port: Port, bytes: Uint8Array, frame: number, end: number): void;
  /**
   * Sees a frame that was dropped: counted in `port.drops`. {@link received} saw a frame that came in at the port before.
   * {@link sent} saw a frame that was to go out there ({@link isEgressDrop}), if it had reached the port's queue.
   */
  dropped(port: Port, reason: DropReason, bytes: Uint8Array, frame: number, end: number): void;
}

/** Returns whether a frame dropped for this reason was on its way out of the port that counts it, and not in. */
export function isEgressDrop(reason: DropReason): boolean {
  return EGRESS_DROPS.has(reason);
}

const EGRESS_DROPS: ReadonlySet<DropReason> = new Set([
  "queue-full",
  "tap-refused",
  "bad-offload",
  "too-big",
  "underlay-refused",
]);
