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

/** What a view needs of the trunk it belongs to. */
export interface VlanTapHost {
  /** The view wants to be given frames. */
  started(): void;
  /** A view was closed. Resolves when everything is gone that is needed no longer. */
  closed(): Promise<void>;
  /** A frame that the view was to write goes no further, as it would come out in VLAN `vlan`. */
  dropped(vlan: number): void;
}

/** What a tag and a virtio-net header change before a frame, and the addresses. */
const MOVED_BYTES = VLAN_TAG_BYTES + VIRTIO_BYTES + ADDRESSES_BYTES;

/**
 * One VLAN of a trunk, as a TAP of its own: its frames have no tag on this side, and have one on the other. Closing
 * it closes the trunk's TAP when no other view of it is in use.
 */
export class VlanTap implements TapDevice {
  readonly name: string;
  readonly offload: boolean;
  /** Behind a trunk is mostly a bridge, which would have to cut them again for its wires. */
  readonly udpSuperFrames = false;
  readonly headroom: number;
  readonly vlan: number;
  readonly #tap: TapDevice;
  readonly #host: VlanTapHost;
  #receiver: TapReceiver | undefined;
  #closing: Promise<void> | undefined;
  /** This wake-up's frames of the VLAN so far. */
  #gathered = new FrameRanges(BATCH_FRAMES);
  /** Ranges to be used again, at most as many as the device has slabs. */
  readonly #spare: FrameRanges[] = [];
  readonly #released = (ranges: FrameRanges) => {
    ranges.clear();
    this.#spare.push(ranges);
  };
  /** What was where a tag was needed. */
  readonly #saved = new Uint8Array(MOVED_BYTES);

  /** @param vlan the id, or {@link UNTAGGED_VLAN} for the frames without a tag */
  constructor(tap: TapDevice, vlan: number, host: VlanTapHost) {
    this.name = tap.name;
    this.offload = tap.offload;
    this.headroom = tap.headroom;
    this.vlan = vlan;
    this.#tap = tap;
    this.#host = host;
  }

  /** Whether somebody takes its frames. */
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
      // Before the trunk is asked, which looks at who is in use.
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#closing = promise;
      resolve(this.#host.closed());
    }
    return this.#closing;
  }

  /** For the trunk: one more frame of this VLAN, without its tag. Returns how many there are. */
  gather(frame: number, end: number): number {
    this.#gathered.add(frame, end);
    return this.#gathered.count;
  }

  /** For the trunk: hands on what was gathered, which lies in `block`. */
  deliver(block: Block): void {
    const ranges = this.#gathered;
    this.#gathered = this.#spare.pop() ?? new FrameRanges(BATCH_FRAMES);
    const batch = new VlanBatch(block, ranges, this.#released);
    // Another view's receiver may have closed this one just now.
    if (this.#receiver === undefined || this.#closing !== undefined) batch.release();
    else this.#receiver.frames(batch);
  }

  /** For the trunk: its device is gone. */
  fail(error: Error): void {
    if (this.#closing === undefined) this.#receiver?.failed(error);
  }

  /**
   * Whether a frame of the untagged network would be taken for one of a VLAN on the other side, by a tag that it came
   * with: whoever is in one network could otherwise send into the others. Such a frame is dropped here.
   */
  #hops(bytes: Uint8Array, frame: number, end: number): boolean {
    const vlan = classifyVlan(bytes, frame, end);
    if (vlan === UNTAGGED_VLAN) return false;
    this.#host.dropped(vlan);
    return true;
  }

  /** Nobody does on the hot path, where every frame has a record's header in front. */
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
