import { ETHERNET_HEADER_BYTES, VLAN_TAG_BYTES } from "../../../shared/frame/ethernet.ts";
import {
  ADDRESSES_BYTES,
  classifyVlan,
  copyWithVlan,
  insertVlan,
  UNTAGGED_VLAN,
} from "../../../shared/frame/vlan.ts";
import { VIRTIO_BYTES } from "../../../shared/offload/virtio.ts";
import { copyWithVlanOffload, insertVlanOffload } from "../../../shared/offload/vlan.ts";
import type { Block } from "../../../shared/tunnel/block.ts";
import { checkOffloadRange, checkRange, type TapDevice, type TapReceiver } from "../tap/device.ts";
import { BATCH_FRAMES } from "../tap/slab.ts";
import { FrameRanges, VlanBatch } from "./vlan-batch.ts";

/** The trunk as a view uses it. */
export interface VlanTapHost {
  /** The view starts to receive frames. */
  started(): void;
  /** A view was closed. Resolves when everything that it alone needed is gone. */
  closed(): Promise<void>;
  /** A frame that the view should write was dropped, because it would appear in VLAN `vlan`. */
  dropped(vlan: number): void;
}

/** Bytes changed before a frame by a tag and a virtio-net header, and its addresses. */
const MOVED_BYTES = VLAN_TAG_BYTES + VIRTIO_BYTES + ADDRESSES_BYTES;

/**
 * One VLAN of a trunk as a TAP of its own: frames are untagged on this side, and tagged on the other. Closing the last
 * view in use closes the trunk's TAP.
 */
export class VlanTap implements TapDevice {
  readonly name: string;
  readonly offload: boolean;
  /** A bridge is mostly behind a trunk, and would have to segment them again. */
  readonly udpSuperFrames = false;
  readonly headroom: number;
  readonly vlan: number;
  readonly #tap: TapDevice;
  readonly #host: VlanTapHost;
  #receiver: TapReceiver | undefined;
  #closing: Promise<void> | undefined;
  /** Frames of the VLAN in this wake-up so far. */
  #gathered = new FrameRanges(BATCH_FRAMES);
  /** Ranges to reuse, at most as many as the device has slabs. */
  readonly #spare: FrameRanges[] = [];
  readonly #released = (ranges: FrameRanges) => {
    ranges.clear();
    this.#spare.push(ranges);
  };
  /** Original bytes at the place of a temporary tag. */
  readonly #saved = new Uint8Array(MOVED_BYTES);

  /** @param vlan the ID, or {@link UNTAGGED_VLAN} for untagged frames */
  constructor(tap: TapDevice, vlan: number, host: VlanTapHost) {
    this.name = tap.name;
    this.offload = tap.offload;
    this.headroom = tap.headroom;
    this.vlan = vlan;
    this.#tap = tap;
    this.#host = host;
  }

  /** Whether it has a receiver for its frames. */
  get inUse(): boolean {
    return this.#receiver !== undefined && this.#closing === undefined;
  }

  start(receiver: TapReceiver): void {
    if (this.#receiver !== undefined || this.#closing !== undefined) throw new Error("a TAP is started once");
    this.#receiver = receiver;
    this.#host.started();
  }

  write(bytes: Uint8Array, frame: number, end: number): boolean {
    checkRange(bytes, frame, end);
    if (this.#closing !== undefined || end - frame < ETHERNET_HEADER_BYTES) return false;
    if (this.vlan === UNTAGGED_VLAN)
      return this.#hops(bytes, frame, end) || this.#tap.write(bytes, frame, end);
    if (frame < VLAN_TAG_BYTES) return this.#writeCopy(bytes, frame, end);
    const start = frame - VLAN_TAG_BYTES;
    const after = frame + ADDRESSES_BYTES;
    this.#save(bytes, start, after);
    const tagged = insertVlan(bytes, frame, this.vlan);
    const written = tagged !== undefined && this.#tap.write(bytes, tagged, end);
    this.#restore(bytes, start, after);
    return written;
  }

  writeOffload(bytes: Uint8Array, virtio: number, end: number): boolean {
    checkOffloadRange(bytes, virtio, end);
    const frame = virtio + VIRTIO_BYTES;
    if (!this.offload || this.#closing !== undefined || end - frame < ETHERNET_HEADER_BYTES) return false;
    if (this.vlan === UNTAGGED_VLAN)
      return this.#hops(bytes, frame, end) || this.#tap.writeOffload(bytes, virtio, end);
    if (virtio < VLAN_TAG_BYTES) return this.#writeCopyOffload(bytes, frame, end);
    const start = virtio - VLAN_TAG_BYTES;
    const after = frame + ADDRESSES_BYTES;
    this.#save(bytes, start, after);
    const tagged = insertVlanOffload(bytes, frame, this.vlan);
    const written = tagged !== undefined && this.#tap.writeOffload(bytes, tagged - VIRTIO_BYTES, end);
    this.#restore(bytes, start, after);
    return written;
  }

  close(): Promise<void> {
    if (this.#closing === undefined) {
      // Set before the trunk is asked, because it looks at which views are in use.
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#closing = promise;
      resolve(this.#host.closed());
    }
    return this.#closing;
  }

  /** For the trunk: adds a frame of this VLAN, without its tag. Returns the number of frames. */
  gather(frame: number, end: number): number {
    this.#gathered.add(frame, end);
    return this.#gathered.count;
  }

  /** For the trunk: delivers the gathered frames, which are in `block`. */
  deliver(block: Block): void {
    const ranges = this.#gathered;
    this.#gathered = this.#spare.pop() ?? new FrameRanges(BATCH_FRAMES);
    const batch = new VlanBatch(block, ranges, this.#released);
    // Another view's receiver may have closed this one just now.
    if (this.#receiver === undefined || this.#closing !== undefined) batch.release();
    else this.#receiver.frames(batch);
  }

  /** For the trunk: reports that its device is gone. */
  fail(error: Error): void {
    if (this.#closing === undefined) this.#receiver?.failed(error);
  }

  /**
   * Returns whether the other side would take an untagged network's frame for one of a VLAN, by the frame's own tag.
   * Otherwise members of that network could send into others, so the frame is dropped here.
   */
  #hops(bytes: Uint8Array, frame: number, end: number): boolean {
    const vlan = classifyVlan(bytes, frame, end);
    if (vlan === UNTAGGED_VLAN) return false;
    this.#host.dropped(vlan);
    return true;
  }

  /** Never on the hot path, where a record's header precedes every frame. */
  #writeCopy(bytes: Uint8Array, frame: number, end: number): boolean {
    const copy = new Uint8Array(VLAN_TAG_BYTES + end - frame);
    const copied = copyWithVlan(bytes, frame, end, this.vlan, copy, 0);
    return copied !== undefined && this.#tap.write(copy, 0, copied);
  }

  #writeCopyOffload(bytes: Uint8Array, frame: number, end: number): boolean {
    const copy = new Uint8Array(VIRTIO_BYTES + VLAN_TAG_BYTES + end - frame);
    const copied = copyWithVlanOffload(bytes, frame, end, this.vlan, copy, 0);
    return copied !== undefined && this.#tap.writeOffload(copy, 0, copied);
  }

  #save(bytes: Uint8Array, start: number, end: number): void {
    for (let i = start; i < end; i++) this.#saved[i - start] = bytes[i] as number;
  }

  #restore(bytes: Uint8Array, start: number, end: number): void {
    for (let i = start; i < end; i++) bytes[i] = this.#saved[i - start] as number;
  }
}
