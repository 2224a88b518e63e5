import { classifyVlan, isVlan, RESERVED_VLAN, readVlan, UNTAGGED_VLAN } from "../../../shared/frame/vlan.ts";
import { untag } from "../../../shared/offload/vlan.ts";
import { DropCounter } from "../../../shared/switch/drops.ts";
import type { FrameBatch, TapDevice, TapReceiver } from "../tap/device.ts";
import { VlanTap, type VlanTapHost } from "./vlan-tap.ts";

export interface VlanTrunkOptions {
  /** The device, not yet started; the trunk owns it. */
  readonly tap: TapDevice;
  /** IDs of its VLANs, including {@link UNTAGGED_VLAN} if untagged frames are a network too. */
  readonly vlans: Iterable<number>;
  /**
   * Called once for each VLAN whose frames are dropped, because it is not in `vlans`: {@link UNTAGGED_VLAN} for
   * untagged frames, {@link RESERVED_VLAN} for frames that are in no VLAN.
   */
  readonly unmapped?: (vlan: number) => void;
}

/**
 * One TAP with many networks, told apart by 802.1Q tags: each VLAN has a view in which frames are untagged. Frames stay
 * where they were read: a tag is removed by moving the addresses behind it, and a view's batch is its frames in the
 * shared slab. The slab returns once all these batches are released.
 */
export class VlanTrunk implements TapReceiver, VlanTapHost {
  /** Frames without a view, or that a view was not allowed to write. */
  readonly drops = new DropCounter();
  readonly #tap: TapDevice;
  readonly #views = new Map<number, VlanTap>();
  readonly #unmapped: ((vlan: number) => void) | undefined;
  /** Frames dropped for `no-vlan`, by VLAN. */
  readonly #dropped = new Float64Array(RESERVED_VLAN + 1);
  /** Views with frames in the current batch. */
  readonly #gathering: VlanTap[] = [];
  #started = false;

  /** @throws RangeError for an invalid VLAN */
  constructor({ tap, vlans, unmapped }: VlanTrunkOptions) {
    this.#tap = tap;
    this.#unmapped = unmapped;
    for (const vlan of vlans) {
      if (vlan !== UNTAGGED_VLAN && !isVlan(vlan)) throw new RangeError(`no VLAN has the id ${vlan}`);
      this.#views.set(vlan, new VlanTap(tap, vlan, this));
    }
  }

  /** The interface's name. */
  get name(): string {
    return this.#tap.name;
  }

  /** @throws RangeError for a VLAN that the trunk does not have */
  view(vlan: number): TapDevice {
    const view = this.#views.get(vlan);
    if (view === undefined) throw new RangeError(`the trunk has no VLAN ${vlan}`);
    return view;
  }

  /** Returns the VLANs whose frames were dropped for `no-vlan`, with the number of frames. */
  *droppedVlans(): Generator<readonly [vlan: number, frames: number]> {
    for (const [vlan, frames] of this.#dropped.entries()) if (frames > 0) yield [vlan, frames];
  }

  /** Closes the device, even if views are in use. */
  close(): Promise<void> {
    return this.#tap.close();
  }

  frames(batch: FrameBatch): void {
    const { block, count } = batch;
    for (let i = 0; i < count; i++) this.#sort(block.bytes, batch.frameAt(i), batch.endAt(i));
    const views = this.#gathering;
    for (const view of views) view.deliver(block);
    views.length = 0;
    batch.release();
  }

  failed(error: Error): void {
    for (const view of this.#views.values()) view.fail(error);
  }

  started(): void {
    if (this.#started) return;
    this.#started = true;
    this.#tap.start(this);
  }

  async closed(): Promise<void> {
    for (const view of this.#views.values()) if (view.inUse) return;
    await this.#tap.close();
  }

  dropped(vlan: number): void {
    this.drops.count("no-vlan");
    const before = this.#dropped[vlan] as number;
    this.#dropped[vlan] = before + 1;
  }

  #sort(bytes: Uint8Array, frame: number, end: number): void {
    const vlan = classifyVlan(bytes, frame, end);
    const view = this.#views.get(vlan);
    if (view === undefined) {
      if (this.#dropped[vlan] === 0) this.#unmapped?.(vlan);
      this.dropped(vlan);
      return;
    }
    if (!view.inUse) {
      this.drops.count("no-receiver");
      return;
    }
    const count = view.gather(this.#strip(bytes, frame, end, vlan), end);
    if (count === 1) this.#gathering.push(view);
  }

  /** Returns the start of the frame without its tag. Removes a priority tag too: it names no VLAN. */
  #strip(bytes: Uint8Array, frame: number, end: number, vlan: number): number {
    if (vlan === UNTAGGED_VLAN && readVlan(bytes, frame, end) !== UNTAGGED_VLAN) return frame;
    return untag(bytes, frame, end, this.#tap.offload);
  }
}
