import { hasVniFlag, readVni, writeVxlan } from "../frame/vxlan.ts";
import type { BlockPool } from "../tunnel/block-pool.ts";
import { FRAME_BYTES } from "../tunnel/constants.ts";
import { type MessageSink, Outbox } from "../tunnel/outbox.ts";
import {
  ENCAPSULATION_BYTES,
  isOffload,
  OFFLOAD_BYTES,
  RECORD_HEADER_BYTES,
  RECORD_OFFLOAD,
  RECORD_VXLAN,
  type RecordFault,
  type RecordReader,
  readRecords,
} from "../tunnel/record.ts";
import { DropCounter } from "./drops.ts";
import { EgressQueue } from "./egress-queue.ts";
import { type MacBudget, Port, type PortRole } from "./port.ts";
import type { Segment } from "./segment.ts";

/** A tunnel's port in one segment: what is sent here goes into the tunnel. */
export class TunnelPort extends Port {
  readonly segment: Segment;
  readonly #outbox: Outbox;

  constructor(options: TrunkOptions, segment: Segment, outbox: Outbox, macs: MacBudget) {
    super(options.id, macs, options.offload, options.roles);
    this.segment = segment;
    this.#outbox = outbox;
  }

  override send(bytes: Uint8Array, start: number, frame: number, end: number): void {
    this.#outbox.add(bytes, start, frame, end);
    this.txFrames++;
    this.txBytes += end - frame;
  }

  override flush(sent?: () => void): void {
    this.#outbox.flush(sent);
  }
}

export interface TrunkOptions {
  /** Names its ports: the VTEP at the other end. */
  readonly id: string;
  readonly sink: MessageSink;
  /** Whether both ends have the feature `batch`. */
  readonly batch: boolean;
  /** Whether both ends have the feature `offload`. */
  readonly offload: boolean;
  readonly macs: MacBudget;
  /** What those behind its ports may be; nothing unless given. */
  readonly roles?: ReadonlySet<PortRole>;
  /** Memory for what waits or is put together. */
  readonly pool: BlockPool;
  /**
   * Bytes that may wait for a slow receiver, beyond what the network takes; what comes on top is dropped. Without a
   * limit nothing is dropped, so what is sent has to be bounded where it comes from.
   */
  readonly queueBytes?: number;
}

/**
 * The frames' half of a tunnel, the same at either end: one port in each segment joined, told apart by VNI.
 */
export class Trunk implements RecordReader {
  /** Records dropped where no port could be named. */
  readonly drops = new DropCounter();
  /** Records of types not spoken here: skipped. */
  unknownRecords = 0;
  readonly #options: TrunkOptions;
  readonly #outbox: Outbox;
  readonly #ports = new Map<number, TunnelPort>();
  #flushing = false;
  readonly #flush = () => this.#flushAll();
  /** The port of the record before, which is most often that of the next. */
  #lastPort: TunnelPort | undefined;

  constructor(options: TrunkOptions) {
    this.#options = options;
    const { sink, batch, pool, queueBytes } = options;
    const makeQueue =
      queueBytes === undefined
        ? undefined
        : () => new EgressQueue(queueBytes, pool, (bytes, start, end) => this.#full(bytes, start, end));
    this.#outbox = new Outbox({ sink, batch, pool, makeQueue });
  }

  /** @param macs what this port may learn, where it is not the trunk's own budget */
  join(segment: Segment, macs = this.#options.macs): TunnelPort {
    const port = new TunnelPort(this.#options, segment, this.#outbox, macs);
    this.#ports.set(segment.vni, port);
    segment.attach(port);
    return port;
  }

  /** @returns false where the VNI was not joined */
  leave(vni: number): boolean {
    const port = this.#ports.get(vni);
    if (port === undefined) return false;
    // What came before it left is sent before it leaves: nobody may flush the segment for those messages after.
    if (this.#flushing) this.#flushAll();
    this.#ports.delete(vni);
    this.#lastPort = undefined;
    port.segment.detach(port);
    return true;
  }

  /**
   * Switches every record of a binary message. What comes of all messages of one turn of the event loop is sent at its
   * end, so that a receiver gets it in one.
   *
   * @param release called once, when nothing of the message is needed any more
   * @returns why the message is malformed, if it is
   */
  receive(message: Uint8Array, release?: () => void): RecordFault | undefined {
    const fault = readRecords(message, this.#options.batch, this);
    if (release !== undefined) this.#releaseWhenSent(release);
    if (!this.#flushing) {
      this.#flushing = true;
      queueMicrotask(this.#flush);
    }
    return fault;
  }

  record(type: number, bytes: Uint8Array, start: number, end: number): void {
    if (type === RECORD_VXLAN) this.#packet(bytes, start, start + ENCAPSULATION_BYTES, end);
    else if (type !== RECORD_OFFLOAD) this.unknownRecords++;
    else if (this.#options.offload) this.#packet(bytes, start, start + OFFLOAD_BYTES, end);
    else this.drops.count("not-negotiated");
  }

  /** Any of its segments may have been given something of the message, and another trunk may be the one to flush it. */
  #releaseWhenSent(release: () => void): void {
    let left = this.#ports.size;
    if (left === 0) return release();
    const sent =
      left === 1
        ? release
        : () => {
            left--;
            if (left === 0) release();
          };
    for (const port of this.#ports.values()) port.segment.whenSent(sent);
  }

  #flushAll(): void {
    this.#flushing = false;
    for (const port of this.#ports.values()) port.segment.flush();
  }

  /** A record found no room in its receiver's queue. */
  #full(bytes: Uint8Array, start: number, end: number): void {
    const port = this.#ports.get(readVni(bytes, start + RECORD_HEADER_BYTES));
    const frame = start + (isOffload(bytes, start) ? OFFLOAD_BYTES : ENCAPSULATION_BYTES);
    if (port === undefined) this.drops.count("queue-full");
    else port.segment.drop(port, "queue-full", bytes, frame, end);
  }

  #packet(bytes: Uint8Array, start: number, frame: number, end: number): void {
    const header = start + RECORD_HEADER_BYTES;
    if (end - frame > FRAME_BYTES) {
      this.drops.count("too-big");
      return;
    }
    if (!hasVniFlag(bytes, header)) {
      this.drops.count("no-vni-flag");
      return;
    }
    const vni = readVni(bytes, header);
    const port = this.#lastPort?.segment.vni === vni ? this.#lastPort : this.#ports.get(vni);
    if (port === undefined) {
      this.drops.count("not-joined");
      return;
    }
    this.#lastPort = port;
    // The record goes on as it is, so its reserved bits have to be cleared here (RFC 7348 section 5).
    writeVxlan(bytes, header, vni);
    port.segment.forward(port, bytes, start, frame, end);
  }
}
