/** A TAP without a kernel, for tests of everything above it: the test is the kernel. */
import { VIRTIO_BYTES } from "../../../shared/offload/virtio.ts";
import { FRAME_BYTES } from "../../../shared/protocol/constants.ts";
import {
  checkOffloadRange,
  checkRange,
  HEADROOM,
  OFFLOAD_HEADROOM,
  type TapDevice,
  type TapReceiver,
} from "./device.ts";
import { goneFault } from "./faults.ts";
import { SlabPool } from "./slab.ts";

/** Frames that wait to be read at most, as many as a real TAP's queue holds by default. */
export const MEMORY_QUEUE_FRAMES = 1000;

/** Bytes of an Ethernet header: the kernel takes nothing shorter. */
const ETHERNET_HEADER_BYTES = 14;

export interface MemoryTapOptions {
  readonly name?: string;
  /** Frames that may wait to be read, {@link MEMORY_QUEUE_FRAMES} unless told. */
  readonly queueFrames?: number;
  /** Whether it has offload, which it has not unless told. */
  readonly offload?: boolean;
  /** Called with a copy of each frame that was written, and with offload one of its virtio-net header. */
  readonly written?: (frame: Uint8Array, virtio: Uint8Array | undefined) => void;
}

export class MemoryTap implements TapDevice {
  readonly name: string;
  readonly offload: boolean;
  readonly udpSuperFrames: boolean;
  readonly headroom: number;
  /** Whether the interface is up; while it is not, frames are taken from neither side. */
  up = true;
  /** Frames {@link inject} did not take because the queue was full. */
  dropped = 0;
  /** What is to be read: frames, each behind its virtio-net header with offload. */
  readonly #queue: Uint8Array[] = [];
  readonly #queueFrames: number;
  readonly #written: MemoryTapOptions["written"];
  readonly #pool: SlabPool;
  #receiver: TapReceiver | undefined;
  #wakeUp: NodeJS.Immediate | undefined;
  #deleted = false;
  #closing: Promise<void> | undefined;

  constructor(options: MemoryTapOptions = {}) {
    this.name = options.name ?? "memory0";
    this.#queueFrames = options.queueFrames ?? MEMORY_QUEUE_FRAMES;
    this.#written = options.written;
    this.offload = options.offload ?? false;
    this.udpSuperFrames = this.offload;
    this.headroom = this.offload ? OFFLOAD_HEADROOM : HEADROOM;
    this.#pool = new SlabPool({ headroom: this.headroom, freed: () => this.#wake() });
  }

  /** Whether the interface is there: not deleted and not closed. */
  get exists(): boolean {
    return !this.#deleted && this.#closing === undefined;
  }

  /**
   * Sends `frame`, from its destination address, as the kernel would. It is copied.
   *
   * @param virtio with offload: its virtio-net header, all zero unless told
   * @returns false where the queue is full, or the interface is down or gone
   */
  inject(frame: Uint8Array, virtio?: Uint8Array): boolean {
    if (frame.length < ETHERNET_HEADER_BYTES || frame.length > FRAME_BYTES) {
      throw new RangeError(`no Ethernet frame has ${frame.length} bytes`);
    }
    if (virtio !== undefined && (!this.offload || virtio.length !== VIRTIO_BYTES)) {
      throw new RangeError(`no virtio-net header of ${virtio.length} bytes here`);
    }
    if (!this.exists || !this.up) return false;
    if (this.#queue.length >= this.#queueFrames) {
      this.dropped++;
      return false;
    }
    const header = this.offload ? VIRTIO_BYTES : 0;
    const queued = new Uint8Array(header + frame.length);
    if (virtio !== undefined) queued.set(virtio);
    queued.set(frame, header);
    this.#queue.push(queued);
    this.#wake();
    return true;
  }

  /** Deletes the interface from outside. */
  delete(): void {
    if (!this.exists) return;
    this.#deleted = true;
    this.#queue.length = 0;
    this.#wake();
  }

  start(receiver: TapReceiver): void {
    if (this.#receiver !== undefined || this.#closing !== undefined) throw new Error("a TAP is started once");
    this.#receiver = receiver;
    this.#wake();
  }

  write(bytes: Uint8Array, frame: number, end: number): boolean {
    checkRange(bytes, frame, end);
    return this.#take(bytes, frame, end, this.offload ? new Uint8Array(VIRTIO_BYTES) : undefined);
  }

  /** Takes whatever header there is: whether it fits the frame is for the test to say, or for a real kernel. */
  writeOffload(bytes: Uint8Array, virtio: number, end: number): boolean {
    checkOffloadRange(bytes, virtio, end);
    const frame = virtio + VIRTIO_BYTES;
    return this.offload && this.#take(bytes, frame, end, new Uint8Array(bytes.subarray(virtio, frame)));
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  #take(bytes: Uint8Array, frame: number, end: number, virtio: Uint8Array | undefined): boolean {
    if (!this.exists || !this.up || end - frame < ETHERNET_HEADER_BYTES) return false;
    // Not slice(): a Buffer's would share its memory.
    this.#written?.(new Uint8Array(bytes.subarray(frame, end)), virtio);
    return true;
  }

  async #close(): Promise<void> {
    clearImmediate(this.#wakeUp);
    this.#queue.length = 0;
  }

  /** Has {@link #read} called from the event loop, as a poll would: never from within {@link inject}. */
  #wake(): void {
    if (this.#wakeUp !== undefined || this.#receiver === undefined || this.#closing !== undefined) return;
    if (!this.#deleted && (this.#queue.length === 0 || !this.#pool.available)) return;
    this.#wakeUp = setImmediate(() => {
      this.#wakeUp = undefined;
      this.#read(this.#receiver as TapReceiver);
    });
  }

  #read(receiver: TapReceiver): void {
    if (this.#deleted) {
      // The receiver is told once: with nobody to wake there is no second time.
      this.#receiver = undefined;
      receiver.failed(goneFault(this.name));
      return;
    }
    const slab = this.#pool.take();
    if (slab === undefined) return;
    const header = this.offload ? VIRTIO_BYTES : 0;
    while (!slab.isFull) {
      const queued = this.#queue.shift();
      if (queued === undefined) break;
      slab.bytes.set(queued, slab.next - header);
      slab.add(queued.length - header);
    }
    this.#wake();
    receiver.frames(this.#pool.batch(slab));
  }
}
