import { isGroupAt, readMac } from "../frame/mac.ts";
import { finish, OffloadFault, type PlainFrames } from "../offload/finish.ts";
import { packetCount } from "../offload/packet-count.ts";
import { VIRTIO_BYTES } from "../offload/virtio.ts";
import { untag } from "../offload/vlan.ts";
import {
  ENCAPSULATION_BYTES,
  encapsulate,
  isOffload,
  OFFLOAD_BYTES,
  RECORD_OFFLOAD,
  RECORD_VXLAN,
} from "../protocol/record.ts";
import { Block } from "../tunnel/block.ts";
import type { DropReason } from "./drops.ts";
import { FrameView, UNREADABLE } from "./frame-view.ts";
import type { HubSender } from "./hub-sender.ts";
import { MacTable } from "./mac-table.ts";
import type { SegmentObserver } from "./observer.ts";
import { isPlainUnicast } from "./plain-unicast.ts";
import type { Policy } from "./policy.ts";
import type { Port } from "./port.ts";
import { emitWork, FLUSH_WORK, POLICY_WORK, Work } from "./work.ts";

/** Ports that are flushed at a time: each is a system call, and the event loop has other tenants to look after. */
const FLUSH_PORTS = 256;

/**
 * One layer-2 segment, known by its VNI: a learning switch (RFC 7348 section 4: flood and learn).
 *
 * A frame to a known address goes out at one port; broadcast, unknown unicast and multicast (BUM) go out at
 * all but the one they came from, unless a {@link Policy} says otherwise. What the ports gather is sent by
 * {@link flush}, after a batch.
 */
export class Segment implements HubSender {
  readonly vni: number;
  readonly table: MacTable;
  readonly work: Work;
  /** Sees every frame, while somebody captures. */
  observer: SegmentObserver | undefined;
  #policy: Policy | undefined;
  readonly #ports = new Set<Port>();
  /** Ports that were given something since the last flush. */
  readonly #dirty: Port[] = [];
  /** The packet at hand with its work done, and the block that its frames are in, once a port needed it so. */
  #plain: PlainFrames | OffloadFault | undefined;
  #plainBlock: Block | undefined;
  /** Reused for every frame that the policy decides about; undefined while one is in use. */
  #view: FrameView | undefined;
  readonly #later: ((task: () => void) => void) | undefined;
  #isLate = false;
  readonly #clock: () => number;
  #now: number;

  /**
   * @param clock seconds, from whatever start, never going back
   * @param work what its frames cost is added here
   * @param later does something after other events were looked at; without it all ports are flushed at once
   */
  constructor(
    vni: number,
    clock: () => number,
    table = new MacTable(),
    work = new Work(),
    later?: (task: () => void) => void,
  ) {
    this.#later = later;
    this.vni = vni;
    this.table = table;
    this.work = work;
    this.#clock = clock;
    this.#now = clock();
  }

  get policy(): Policy | undefined {
    return this.#policy;
  }

  /** Has another policy from now on, which is told of the ports that are there. */
  set policy(policy: Policy | undefined) {
    this.#policy = policy;
    if (policy === undefined) return;
    for (const port of this.#ports) policy.attach(port);
    this.flush();
  }

  get ports(): ReadonlySet<Port> {
    return this.#ports;
  }

  attach(port: Port): void {
    this.#ports.add(port);
    if (this.#policy === undefined) return;
    this.#policy.attach(port);
    this.flush();
  }

  detach(port: Port): void {
    // The table is looked through.
    this.work.done += this.table.size >>> 4;
    this.#ports.delete(port);
    this.table.forget(port);
    this.#policy?.detach(port);
  }

  /** Brings the segment's clock up to date and forgets silent addresses; to be called about once a second. */
  tick(): void {
    this.#now = this.#clock();
    this.table.age(this.#now);
    if (this.#policy === undefined) return;
    this.#policy.tick(this.#now);
    this.flush();
  }

  /** Cuts a port off: nothing comes in there or goes out, but for what the hub itself sends, until it is opened again. */
  cut(port: Port): void {
    port.cut = true;
    this.table.forget(port);
  }

  /** {@link HubSender}: it goes with the next {@link flush}. */
  toPort(port: Port, frame: Uint8Array): void {
    const bytes = new Uint8Array(ENCAPSULATION_BYTES + frame.length);
    bytes.set(frame, ENCAPSULATION_BYTES);
    encapsulate(bytes, 0, bytes.length, this.vni);
    this.#emit(port, new Block(bytes), 0, ENCAPSULATION_BYTES, bytes.length);
  }

  toAll(frame: Uint8Array, except?: Port): void {
    for (const port of this.#ports) if (port !== except && !port.cut) this.toPort(port, frame);
  }

  /**
   * Switches one packet that came in at `from`: the record `block.bytes[start, end)`, whose frame begins at `frame`
   * and has at least an Ethernet header. The block is lent.
   */
  forward(from: Port, block: Block, start: number, frame: number, end: number): void {
    const { bytes } = block;
    this.#forgetPlain();
    from.rxFrames++;
    from.rxBytes += end - frame;
    this.observer?.received(from, bytes, frame, end);
    if (from.meter !== undefined) {
      const refused = from.meter.take(bytes, start, frame, end);
      if (refused !== undefined) return this.drop(from, refused, bytes, frame, end);
    }
    const policy = this.#policy;
    if (policy !== undefined && (policy.strict || !isPlainUnicast(bytes, frame))) {
      this.#judge(policy, from, block, start, frame, end);
    } else if (this.#learn(from, bytes, frame, end)) {
      this.#forward(from, block, start, frame, end);
    }
    this.#forgetPlain();
  }

  /** Reads a frame for the policy, without its tags if those are stripped, and has the policy decide. */
  #judge(policy: Policy, from: Port, block: Block, start: number, frame: number, end: number): void {
    this.work.done += POLICY_WORK;
    // A port may answer a frame before `send` returns: that answer needs a view of its own.
    const view = this.#view ?? new FrameView();
    this.#view = undefined;
    view.read(block.bytes, frame, end);
    if (!policy.stripTags || view.tags === 0) this.#decide(policy, from, block, start, view);
    else if (view.tags === UNREADABLE) this.drop(from, "ethertype", block.bytes, frame, end);
    else this.#decide(policy, from, block, this.#untag(block, start, view), view);
    this.#view = view;
  }

  /**
   * Removes the tags of a frame and reads the view again.
   *
   * @returns where its record begins now
   */
  #untag({ bytes }: Block, start: number, view: FrameView): number {
    const { frame, end, tags } = view;
    const offload = isOffload(bytes, start);
    const bare = untag(bytes, frame, end, offload, tags);
    const bareStart = bare - (offload ? OFFLOAD_BYTES : ENCAPSULATION_BYTES);
    encapsulate(bytes, bareStart, end, this.vni, offload ? RECORD_OFFLOAD : RECORD_VXLAN);
    view.read(bytes, bare, end);
    return bareStart;
  }

  /** Has the policy decide about a frame, and sends it where the policy says. */
  #decide(policy: Policy, from: Port, block: Block, start: number, view: FrameView): void {
    const { bytes, frame, end } = view;
    const now = this.#clock();
    const refused = policy.admit(from, view, now, packetCount(bytes, start, frame, end));
    if (refused !== undefined) return this.drop(from, refused, bytes, frame, end);
    if (!this.#learn(from, bytes, frame, end)) return;
    const verdict = policy.route(from, view, now);
    if (verdict === "forward") this.#forward(from, block, start, frame, end);
    else if (typeof verdict === "string") this.drop(from, verdict, bytes, frame, end);
    else if (this.#spread(verdict, from, block, start, frame, end) === 0) {
      this.drop(from, "no-group-member", bytes, frame, end);
    }
  }

  /** Forwards by the table. */
  #forward(from: Port, block: Block, start: number, frame: number, end: number): void {
    const { bytes } = block;
    if (isGroupAt(bytes, frame)) {
      this.#flood(from, block, start, frame, end);
      return;
    }
    const destination = readMac(bytes, frame);
    const to = this.table.lookup(destination);
    if (to === undefined) this.#floodUnknown(from, destination, block, start, frame, end);
    else if (to === from) this.drop(from, "same-port", bytes, frame, end);
    else this.#emit(to, block, start, frame, end);
  }

  #floodUnknown(
    from: Port,
    destination: number,
    block: Block,
    start: number,
    frame: number,
    end: number,
  ): void {
    const { bytes } = block;
    const packets = packetCount(bytes, start, frame, end);
    const refused = this.#policy?.admitUnknown(from, destination, this.#clock(), packets);
    if (refused === undefined) this.#flood(from, block, start, frame, end);
    else this.drop(from, refused, bytes, frame, end);
  }

  /** Has every port send what it was given; where there are very many, some do so a little later. */
  flush(): void {
    const dirty = this.#dirty;
    const count = this.#later === undefined ? dirty.length : Math.min(dirty.length, FLUSH_PORTS);
    this.work.done += count * FLUSH_WORK;
    for (let i = 0; i < count; i++) {
      const port = dirty[i];
      if (port === undefined) break;
      port.dirty = false;
      port.flush();
    }
    dirty.splice(0, count);
    if (dirty.length === 0 || this.#isLate) return;
    this.#isLate = true;
    this.#later?.(() => {
      this.#isLate = false;
      this.flush();
    });
  }

  /** Counts a frame that goes no further at a port, and tells of it. */
  drop(port: Port, reason: DropReason, bytes: Uint8Array, frame: number, end: number): void {
    port.drops.count(reason);
    this.observer?.dropped(port, reason, bytes, frame, end);
  }

  /** @returns whether the frame may go on */
  #learn(from: Port, bytes: Uint8Array, frame: number, end: number): boolean {
    if (isGroupAt(bytes, frame + 6)) {
      this.drop(from, "group-source", bytes, frame, end);
      return false;
    }
    const source = readMac(bytes, frame + 6);
    const last = from.lastSource;
    if (last !== undefined && last.mac === source) {
      last.seenAt = this.#now;
      return true;
    }
    if (source === 0) {
      this.drop(from, "zero-source", bytes, frame, end);
      return false;
    }
    if (from.cut) {
      this.drop(from, "loop", bytes, frame, end);
      return false;
    }
    const learned = this.table.learn(source, from, this.#now);
    if (learned === "known" || learned === "new") return true;
    if (learned === "moved") {
      this.#policy?.noteMove(from, true, this.#now);
      return true;
    }
    if (learned !== "over-limit") this.#policy?.noteMove(from, false, this.#now);
    this.drop(from, learned === "over-limit" ? "mac-limit" : learned, bytes, frame, end);
    return false;
  }

  #flood(from: Port, block: Block, start: number, frame: number, end: number): void {
    if (this.#spread(this.#ports, from, block, start, frame, end) > 0) return;
    this.drop(from, "no-receiver", block.bytes, frame, end);
  }

  /** @returns how many ports it went to */
  #spread(
    to: ReadonlySet<Port>,
    from: Port,
    block: Block,
    start: number,
    frame: number,
    end: number,
  ): number {
    let count = 0;
    for (const port of to) {
      if (port === from || port.cut) continue;
      this.#emit(port, block, start, frame, end);
      count++;
    }
    return count;
  }

  #emit(to: Port, block: Block, start: number, frame: number, end: number): void {
    this.work.done += emitWork(end - frame);
    if (!to.dirty) {
      to.dirty = true;
      this.#dirty.push(to);
    }
    if (to.offload || !isOffload(block.bytes, start)) {
      this.observer?.sent(to, block.bytes, frame, end);
      to.send(block, start, frame, end);
    } else {
      this.#emitPlain(to, block, frame, end);
    }
  }

  /** Does the work left to do, once for all the ports that can't take it, and sends what comes of it. */
  #emitPlain(to: Port, source: Block, frame: number, end: number): void {
    const { bytes } = source;
    if (this.#plain === undefined) {
      this.#plain = finish(bytes, frame - VIRTIO_BYTES, frame, end);
      if (!(this.#plain instanceof OffloadFault)) {
        // It holds the packet's block: where that is a TAP's, it bounds what the TAP may have on the way.
        source.retain();
        this.#plainBlock = new Block(this.#plain.bytes, { takeBack: () => source.release() });
      }
    }
    const plain = this.#plain;
    const block = this.#plainBlock;
    if (plain instanceof OffloadFault || block === undefined) {
      this.drop(to, "bad-offload", bytes, frame, end);
      return;
    }
    this.work.done += plain.count;
    // A port may answer with a packet of its own, after which this one is forgotten.
    block.retain();
    for (let i = 0; i < plain.count; i++) {
      const plainFrame = plain.frameAt(i);
      const plainEnd = plain.endAt(i);
      const start = plainFrame - ENCAPSULATION_BYTES;
      encapsulate(plain.bytes, start, plainEnd, this.vni);
      this.observer?.sent(to, plain.bytes, plainFrame, plainEnd);
      to.send(block, start, plainFrame, plainEnd);
    }
    block.release();
  }

  #forgetPlain(): void {
    this.#plain = undefined;
    this.#plainBlock?.release();
    this.#plainBlock = undefined;
  }
}
