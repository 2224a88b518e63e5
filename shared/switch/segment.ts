/**
 * The hub's end of a frame's way, in the order in which a frame passes these functions:
 *
 *  1. `FrameParser.read` (system/websocket/frame-parser.ts) unmasks a message and puts it together in a block.
 *  2. `Session.readBinary` (relay/hub/session/session.ts) hands it to `Tunnel.receive` once the session is open.
 *  3. `Tunnel.record` (shared/tunnel/tunnel.ts) gets each record of the message and finds the port by its VNI.
 *  4. {@link Segment.forward} counts the frame, shows it to a capture and meters it. `isPlainUnicast` lets most frames skip
 *     steps 5, 6 and 8.
 *  5. `#judge` reads the frame into a {@link FrameView}, and `#untag` removes its tags if the network strips them.
 *  6. `HubPolicy.admit` asks the loop detector, link-local filter, storm guard, EtherType filter, source binding, DHCP
 *     guard and RA guard, and notes announcements.
 *  7. `#learn` enters the source address in the FDB (`MacTable.learn`).
 *  8. `HubPolicy.route` asks the suppressor, then picks the ports of DHCP servers or of a multicast group (snooper).
 *  9. `#forward` finds the port of the destination (`MacTable.lookup`); `#flood` takes all ports. `HubPolicy.admitUnknown`
 *     may refuse to flood unknown unicast.
 * 10. `#emit` hands the record to each port; `#emitPlain` first finishes a super-frame for ports without offload.
 * 11. `TunnelPort.send` (or the underlay's, the host's) adds the record to the `Outbox`; `EgressQueue` holds what a slow
 *     receiver has no room for.
 * 12. {@link Segment.flush} has each port send what it gathered, after a batch: `Outbox.flush`, `MessageSink.send`.
 */
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
import type { HubSender } from "./hub-sender.ts";
import type { SegmentObserver } from "./observer.ts";
import { MacTable } from "./places/mac-table.ts";
import { FrameView, UNREADABLE } from "./policy/frame-view.ts";
import { isPlainUnicast } from "./policy/plain-unicast.ts";
import type { Policy } from "./policy/policy.ts";
import type { Port } from "./port.ts";
import { emitWork, FLUSH_WORK, POLICY_WORK, Work } from "./work.ts";

/** Ports flushed at a time: each costs a system call, and other tenants share the event loop. */
const FLUSH_PORTS = 256;

/**
 * One layer-2 segment, known by its VNI: a learning switch (RFC 7348 section 4: flood and learn).
 *
 * A frame to a known address goes out of one port. Broadcast, unknown unicast and multicast (BUM) go out of all ports
 * but the one they came in at, unless a {@link Policy} says otherwise. {@link flush} sends what the ports gathered.
 */
export class Segment implements HubSender {
  readonly vni: number;
  readonly table: MacTable;
  readonly work: Work;
  /** Sees every frame while a capture runs. */
  observer: SegmentObserver | undefined;
  #policy: Policy | undefined;
  readonly #ports = new Set<Port>();
  /** Ports that got a record since the last flush. */
  readonly #dirty: Port[] = [];
  /** The current packet with its work done, and the block of its frames; set once a port needs it. */
  #plain: PlainFrames | OffloadFault | undefined;
  #plainBlock: Block | undefined;
  /** Reused for every frame that the policy decides about; undefined while one is in use. */
  #view: FrameView | undefined;
  readonly #later: ((task: () => void) => void) | undefined;
  #isLate = false;
  readonly #clock: () => number;
  #now: number;

  /**
   * @param clock seconds from any start, never going back
   * @param work counts the cost of its frames
   * @param later runs a task after other events; without it {@link flush} serves all ports at once
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

  /** Replaces the policy and attaches the present ports to the new one. */
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
    // `forget` walks through the table.
    this.work.done += this.table.size >>> 4;
    this.#ports.delete(port);
    this.table.forget(port);
    this.#policy?.detach(port);
  }

  /** Updates the segment's clock and removes silent addresses; to be called about once a second. */
  tick(): void {
    this.#now = this.#clock();
    this.table.age(this.#now);
    if (this.#policy === undefined) return;
    this.#policy.tick(this.#now);
    this.flush();
  }

  /** Cuts a port off: only the hub's own frames go out there, and nothing comes in, until the policy opens it again. */
  cut(port: Port): void {
    port.cut = true;
    this.table.forget(port);
  }

  /** Implements {@link HubSender}: the frame goes with the next {@link flush}. */
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
   * Switches a packet that came in at `from`: the record `block.bytes[start, end)`. Its frame begins at `frame` and has
   * at least an Ethernet header. The block is lent.
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
    if (policy !== undefined && (policy.isStrict || !isPlainUnicast(bytes, frame))) {
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
    if (!policy.stripsTags || view.tags === 0) this.#decide(policy, from, block, start, view);
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

  /** Forwards a frame as the table says. */
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

  /** Has every port send what it got. If very many have something, the rest follow after other events. */
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

  /** Counts a frame that a port dropped, and shows it to a capture. */
  drop(port: Port, reason: DropReason, bytes: Uint8Array, frame: number, end: number): void {
    port.drops.count(reason);
    this.observer?.dropped(port, reason, bytes, frame, end);
  }

  /** Enters the source address in the table. @returns whether the frame may go on */
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

  /** Sends a frame out of ports, except `from` and cut ports. @returns the number of ports */
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

  /** Finishes a super-frame, once for all ports without offload, and sends the plain frames. */
  #emitPlain(to: Port, source: Block, frame: number, end: number): void {
    const { bytes } = source;
    if (this.#plain === undefined) {
      this.#plain = finish(bytes, frame - VIRTIO_BYTES, frame, end);
      if (!(this.#plain instanceof OffloadFault)) {
        // Holds the packet's block: a TAP's blocks bound the frames that it may have in flight.
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
    // A port may answer with a packet of its own, which makes the segment forget this one.
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
