/** A TAP without a kernel, for tests of everything above it: the test plays the kernel. */
import { VIRTIO_BYTES } from "../../../shared/offload/virtio.ts";
import { FRAME_BYTES } from "../../../shared/protocol/constants.ts";
import {
  checkOffloadRange,
  checkRange,
  OFFLOAD_HEADROOM,
  TAP_HEADROOM,
  type TapDevice,
  type TapReceiver,
} from "./device.ts";
import { goneFault } from "./faults.ts";
import { SlabPool } from "./slab.ts";

/** Maximum frames that wait to be read: the default queue of a real TAP. */
export const MEMORY_QUEUE_FRAMES = 1000;

/** Bytes of an Ethernet header: the kernel refuses shorter frames. */
const ETHERNET_HEADER_BYTES = 14;

export interface MemoryTapOptions {
  readonly name?: string;
  /** Maximum frames that wait to be read; {@link MEMORY_QUEUE_FRAMES} by default. */
  readonly queueFrames?: number;
  /** Whether it has offload; false by default. */
  readonly offload?: boolean;
  /** Called with a copy of each written frame, and with offload also of its virtio-net header. */
  readonly written?: (frame: Uint8Array, virtio: Uint8Array | undefined) => void;
}

export class MemoryTap implements TapDevice {
  readonly name: string;
  readonly offload: boolean;
  readonly udpSuperFrames: boolean;
  readonly headroom: number;
  /** Whether the interface is up; while it is down, it takes no frames from either side. */
  up = true;
  /** Frames that {@link inject} dropped because the queue was full. */
  dropped = 0;
  /** Frames to be read, with offload each behind its virtio-net header. */
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
    this.headroom = this.offload ? OFFLOAD_HEADROOM : TAP_HEADROOM;
    this.#pool = new SlabPool({ headroom: this.headroom, freed: () => this.#wake() });
  }

  /** Whether the interface exists: not deleted and not closed. */
  get exists(): boolean {
    return !this.#deleted && this.#closing === undefined;
  }

  /**
   * Sends a copy of `frame`, from its destination address, as the kernel would.
   *
   * @param virtio with offload: its virtio-net header; all zero by default
   * @returns false if the queue is full, or the interface is down or gone
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

  /** Deletes the interface as another program would. */
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

  /** Accepts any header: the test, or a real kernel, decides whether it fits the frame. */
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
    // Not slice(): a Buffer's slice would share its memory.
    this.#written?.(new Uint8Array(bytes.subarray(frame, end)), virtio);
    return true;
  }

  async #close(): Promise<void> {
    clearImmediate(this.#wakeUp);
    this.#queue.length = 0;
  }

  /** Schedules {@link #read} in the event loop, as a poll would: never from within {@link inject}. */
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
      // The receiver is told once; without a receiver there is no second call.
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
