/**
 * A TAP device as the agent uses it: it reads frames in batches and writes them one by one. Each driver has its own
 * file and keeps the contract in test/desktop/agent/tap/contract.ts.
 */
import { VIRTIO_BYTES } from "../../../shared/offload/virtio.ts";
import { ENCAPSULATION_BYTES, OFFLOAD_BYTES } from "../../../shared/protocol/record.ts";
import type { Block } from "../../../shared/tunnel/block.ts";

/** Writable bytes before every read frame: room for the headers of record and VXLAN, so that no frame is moved. */
export const TAP_HEADROOM = ENCAPSULATION_BYTES;

/** The same with offload, plus the virtio-net header that was read with the frame. */
export const OFFLOAD_HEADROOM = OFFLOAD_BYTES;

export interface TapDevice {
  /** The interface's name in the kernel. */
  readonly name: string;

  /**
   * Whether frames may come with work left to do: super-frames to be segmented before they reach a wire, and checksums
   * to be filled in. Each has its virtio-net header (shared/offload/virtio.ts) directly in front, all zero if nothing
   * is left to do.
   */
  readonly offload: boolean;

  /** Whether UDP super-frames may be written (GSO_UDP_L4), as with offload and Linux 6.2. */
  readonly udpSuperFrames: boolean;

  /** Writable bytes before each frame: {@link TAP_HEADROOM} or {@link OFFLOAD_HEADROOM}. */
  readonly headroom: number;

  /**
   * Starts reading.
   *
   * @throws Error when called a second time or after {@link close}
   */
  start(receiver: TapReceiver): void;

  /**
   * Writes the frame `bytes[frame, end)` at once, complete from its destination address and without FCS. The bytes are
   * unchanged and reusable when this returns.
   *
   * @returns false if the kernel does not take it: queue full, interface down, too short for Ethernet, device gone or
   * closed
   * @throws RangeError for a frame that is not inside `bytes`
   */
  write(bytes: Uint8Array, frame: number, end: number): boolean;

  /**
   * Writes a frame with work left to do, at once: its virtio-net header is `bytes[virtio, virtio + 10)`, and the frame
   * follows, up to `end`. The kernel does the work, or passes the frame on as it is.
   *
   * @returns false as {@link write}, also if the kernel refuses the header, and on a device without offload
   * @throws RangeError for a header or a frame that is not inside `bytes`
   */
  writeOffload(bytes: Uint8Array, virtio: number, end: number): boolean;

  /**
   * Closes the device. Once the promise resolves, the interface is gone and no callback follows. Batches not yet
   * released stay readable. Further calls return the same promise.
   */
  close(): Promise<void>;
}

export interface TapReceiver {
  /**
   * One wake-up's frames, in order. The receiver owns the batch until it calls `batch.release()`, at any later time.
   * While all batches are out, the device does not read and the kernel's queue fills.
   */
  frames(batch: FrameBatch): void;

  /**
   * The device is gone, for example deleted by another program. Called at most once; {@link TapDevice.close} is still
   * required.
   */
  failed(error: Error): void;
}

/** Frames in one block. The receiver of the batch has a reference to the block until {@link release}. */
export interface FrameBatch {
  /** The memory of all offsets; it may continue behind the last frame. */
  readonly block: Block;
  /** Number of frames, at least one. */
  readonly count: number;

  /** Returns the start of frame `index`: at least the device's headroom after the end of frame `index - 1`. */
  frameAt(index: number): number;

  /** Returns the end of frame `index`. */
  endAt(index: number): number;

  /** Drops the batch's reference; a second call does nothing, so the paths of success and failure may both release. */
  release(): void;
}

/** @throws RangeError unless `bytes[frame, end)` exists, because drivers pass addresses to the kernel */
export function checkRange(bytes: Uint8Array, frame: number, end: number): void {
  if (frame >= 0 && frame <= end && end <= bytes.length) return;
  throw new RangeError(`no frame at [${frame}, ${end}) of ${bytes.length} bytes`);
}

/** @throws RangeError unless `bytes[virtio, end)` exists and has room for a virtio-net header */
export function checkOffloadRange(bytes: Uint8Array, virtio: number, end: number): void {
  if (virtio >= 0 && virtio + VIRTIO_BYTES <= end && end <= bytes.length) return;
  throw new RangeError(`no virtio-net header and frame at [${virtio}, ${end}) of ${bytes.length} bytes`);
}
