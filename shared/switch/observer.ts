import type { DropReason } from "./drops.ts";
import type { Port } from "./port.ts";

/**
 * Sees every frame of a segment, as a capture does. A segment without one pays a branch for it.
 *
 * What it is shown is borrowed: the frame `bytes[frame, end)` is right only until the call returns. It may be a
 * super-frame, as a record of type 2 holds it: up to 64 KiB, with checksums left to do.
 */
export interface SegmentObserver {
  /** A frame came in at a port, whatever becomes of it: counted as `rxFrames`. */
  received(port: Port, bytes: Uint8Array, frame: number, end: number): void;
  /** A frame was handed to a port to transmit: counted as `txFrames`. */
  sent(port: Port, bytes: Uint8Array, frame: number, end: number): void;
  /**
   * A frame goes no further: counted as one of `port.drops`. One that came in there was told by
   * {@link received} before; one that was to go out there ({@link isEgressDrop}) by {@link sent}, if it had got
   * as far as the port's queue.
   */
  dropped(port: Port, reason: DropReason, bytes: Uint8Array, frame: number, end: number): void;
}

/** Whether a frame dropped for this reason was on its way out of the port that counts it, and not in. */
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
