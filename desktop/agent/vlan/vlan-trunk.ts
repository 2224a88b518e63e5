import { classifyVlan, isVlan, RESERVED_VLAN, readVlan, UNTAGGED_VLAN } from "../../../shared/frame/vlan.ts";
import { untag } from "../../../shared/offload/vlan.ts";
import { DropCounter } from "../../../shared/switch/drops.ts";
import type { FrameBatch, TapDevice, TapReceiver } from "../tap/device.ts";
import { VlanTap, type VlanTapHost } from "./vlan-tap.ts";

export interface VlanTrunkOptions {
  /** The device, which is the trunk's from now on; not yet started. */
  readonly tap: TapDevice;
  /** The ids of the VLANs that it has, and {@link UNTAGGED_VLAN} if frames without a tag are a network too. */
  readonly vlans: Iterable<number>;
  /**
   * Told once for each VLAN that frames come in and are dropped, because it is none of `vlans`: {@link UNTAGGED_VLAN}
   * for frames without a tag, {@link RESERVED_VLAN} for frames that are in no VLAN.
   */
  readonly unmapped?: (vlan: number) => void;
}

/**
 * One TAP with many networks on it, told apart by 802.1Q tags: a view for each VLAN, in which frames have no tag.
 *
 * Frames stay where they were read: a tag is taken off by moving the addresses behind it, and a view's batch is the
 * frames of its VLAN in the slab that came. The slab is given back when all views with frames in it have released their batches.
 */
export class VlanTrunk implements TapReceiver, VlanTapHost {
  /** Frames that no view was given, or that a view might not write. */
  readonly drops = new DropCounter();
  readonly #tap: TapDevice;
  readonly #views = new Map<number, VlanTap>();
  readonly #unmapped: ((vlan: number) => void) | undefined;
  /** Frames dropped for `no-vlan`, by VLAN. */
  readonly #dropped = new Float64Array(RESERVED_VLAN + 1);
  /** Views with frames in the batch at hand. */
  readonly #gathering: VlanTap[] = [];
  #started = false;

  /** @throws RangeError for a VLAN that can't be */
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

  /** @throws RangeError for a VLAN that the trunk has not */
  view(vlan: number): TapDevice {
    const view = this.#views.get(vlan);
    if (view === undefined) throw new RangeError(`the trunk has no VLAN ${vlan}`);
    return view;
  }

  /** The VLANs of which frames were dropped for `no-vlan`, with how many. */
  *droppedVlans(): Generator<readonly [vlan: number, frames: number]> {
    for (const [vlan, frames] of this.#dropped.entries()) if (frames > 0) yield [vlan, frames];
  }

  /** Closes the device, whoever uses a view of it. */
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

  /** Returns where the frame begins without its tag. A priority tag is taken off too: it names no VLAN. */
  #strip(bytes: Uint8Array, frame: number, end: number, vlan: number): number {
    if (vlan === UNTAGGED_VLAN && readVlan(bytes, frame, end) !== UNTAGGED_VLAN) return frame;
    return untag(bytes, frame, end, this.#tap.offload);
  }
}
