/**
 * A TAP device as the agent sees it: frames in batches out of the kernel, frames one by one into it. One
 * file per way of reaching the kernel; all of them keep the contract in test/desktop/agent/tap/contract.ts.
 */
import { VIRTIO_BYTES } from "../../../shared/offload/virtio.ts";
import { ENCAPSULATION_BYTES, OFFLOAD_BYTES } from "../../../shared/protocol/record.ts";
import type { Block } from "../../../shared/tunnel/block.ts";

/** Writable bytes in front of every frame that was read: a record's and a VXLAN header fit, so no frame is moved. */
export const HEADROOM = ENCAPSULATION_BYTES;

/** The same with offload: the virtio-net header, which was read with the frame, stands between them. */
export const OFFLOAD_HEADROOM = OFFLOAD_BYTES;

export interface TapDevice {
  /** The interface's name as the kernel knows it. */
  readonly name: string;

  /**
   * Whether frames come with work left to do: super-frames, to be segmented by whoever puts them on a wire, and
   * checksums that are not filled in. Each has its virtio-net header (shared/offload/virtio.ts) directly in front,
   * all zero where there is nothing to do.
   */
  readonly offload: boolean;

  /** Whether super-frames of UDP may be written (GSO_UDP_L4), as with offload and Linux 6.2. */
  readonly udpSuperFrames: boolean;

  /** Bytes before each frame that are its own to fill: {@link HEADROOM} or {@link OFFLOAD_HEADROOM}. */
  readonly headroom: number;

  /**
   * Starts reading.
   *
   * @throws Error when called a second time or after {@link close}
   */
  start(receiver: TapReceiver): void;

  /**
   * Writes the frame `bytes[frame, end)`, complete, from its destination address and without FCS, at once: the
   * bytes may be used again when this returns, and are what they were.
   *
   * @returns false where the kernel does not take it: queue full, interface down, too short for Ethernet,
   * device gone or closed
   * @throws RangeError for a frame that is not inside `bytes`
   */
  write(bytes: Uint8Array, frame: number, end: number): boolean;

  /**
   * Writes a frame with work left to do, at once: its virtio-net header is `bytes[virtio, virtio + 10)`, and the
   * frame follows, up to `end`. The kernel does the work, or hands the frame on as it is.
   *
   * @returns false as {@link write}, also where the kernel refuses the header, and on a device without offload
   * @throws RangeError for a header or a frame that is not inside `bytes`
   */
  writeOffload(bytes: Uint8Array, virtio: number, end: number): boolean;

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

/** Frames in one block, of which the receiver of the batch has a reference until {@link release}. */
export interface FrameBatch {
  /** The memory all offsets refer to; more may lie behind the last frame. */
  readonly block: Block;
  /** How many frames, at least one. */
  readonly count: number;

  /** Where frame `index` begins: the device's headroom, at least, after the end of frame `index - 1`. */
  frameAt(index: number): number;

  /** Where frame `index` ends. */
  endAt(index: number): number;

  /** Drops the batch's reference; a second call does nothing, so the paths of success and failure may both release. */
  release(): void;
}

/** @throws RangeError unless `bytes[frame, end)` exists: drivers hand addresses to the kernel. */
export function checkRange(bytes: Uint8Array, frame: number, end: number): void {
  if (frame >= 0 && frame <= end && end <= bytes.length) return;
  throw new RangeError(`no frame at [${frame}, ${end}) of ${bytes.length} bytes`);
}

/** @throws RangeError unless `bytes[virtio, end)` exists and holds a virtio-net header at least. */
export function checkOffloadRange(bytes: Uint8Array, virtio: number, end: number): void {
  if (virtio >= 0 && virtio + VIRTIO_BYTES <= end && end <= bytes.length) return;
  throw new RangeError(`no virtio-net header and frame at [${virtio}, ${end}) of ${bytes.length} bytes`);
}
