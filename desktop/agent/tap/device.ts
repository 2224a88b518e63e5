/**
 * A TAP device as the agent sees it: frames in batches out of the kernel, frames one by one into it. One
 * file per way of reaching the kernel; all of them keep the contract in test/desktop/agent/tap/contract.ts.
 */
import { ENCAPSULATION_BYTES } from "../../../shared/tunnel/record.ts";
import type { FrameBatch } from "./slab.ts";

/** Writable bytes in front of every frame that was read: a record's and a VXLAN header fit, so no frame is moved. */
export const HEADROOM = ENCAPSULATION_BYTES;

export interface TapDevice {
  /** The interface's name as the kernel knows it. */
  readonly name: string;

  /**
   * Starts reading.
   *
   * @throws Error when called a second time or after {@link close}
   */
  start(receiver: TapReceiver): void;

  /**
   * Writes the frame `bytes[frame, end)`, from its destination address and without FCS, at once: the bytes
   * may be used again when this returns.
   *
   * @returns false where the kernel does not take it: queue full, interface down, too short for Ethernet,
   * device gone or closed
   * @throws RangeError for a frame that is not inside `bytes`
   */
  write(bytes: Uint8Array, frame: number, end: number): boolean;

  /**
   * Gives the device up; the interface is gone when the promise resolves, and no callback comes any more.
   * Batches still out stay readable until they are released. Calling it again gives the same promise.
   */
  close(): Promise<void>;
}

export interface TapReceiver {
  /**
   * One wake-up's frames, in order. The receiver owns the batch until it calls `batch.release()`, and may do
   * so at any later time; while all batches are out the device does not read and the kernel's queue fills.
   */
  frames(batch: FrameBatch): void;

  /** The device is gone, e.g. deleted from outside. Called once at most; {@link TapDevice.close} is still due. */
  failed(error: Error): void;
}

/** @throws RangeError unless `bytes[frame, end)` exists: drivers hand addresses to the kernel. */
export function checkRange(bytes: Uint8Array, frame: number, end: number): void {
  if (frame >= 0 && frame <= end && end <= bytes.length) return;
  throw new RangeError(`no frame at [${frame}, ${end}) of ${bytes.length} bytes`);
}
