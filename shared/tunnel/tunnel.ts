import { hasVniFlag, readVni, writeVxlan } from "../frame/encapsulation/vxlan.ts";
import { FRAME_BYTES } from "../protocol/constants.ts";
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
} from "../protocol/record.ts";
import { DropCounter } from "../switch/drops.ts";
import { type MacBudget, Port, type PortRole } from "../switch/port.ts";
import type { Segment } from "../switch/segment.ts";
import { RECORD_WORK, Work } from "../switch/work.ts";
import type { Block } from "./block.ts";
import type { BlockPool } from "./block-pool.ts";
import { EgressQueue } from "./egress-queue.ts";
import { type MessageSink, Outbox } from "./outbox.ts";
import type { QueueBudget } from "./queue-budget.ts";

/** A tunnel's port in one segment: it sends frames into the tunnel. */
export class TunnelPort extends Port {
  readonly segment: Segment;
  readonly #outbox: Outbox;

  constructor(options: TunnelOptions, segment: Segment, outbox: Outbox, macs: MacBudget) {
    super(options.id, macs, options.offload, options.roles);
    this.segment = segment;
    this.#outbox = outbox;
  }

  override send(block: Block, start: number, frame: number, end: number): void {
    this.#outbox.add(block, start, frame, end);
    this.txFrames++;
    this.txBytes += end - frame;
  }

  override flush(): void {
    this.#outbox.flush();
  }
}

export interface TunnelOptions {
  /** Name of its ports: the VTEP at the other end. */
  readonly id: string;
  readonly sink: MessageSink;
  /** Whether both ends have the feature `batch`. */
  readonly batch: boolean;
  /** Whether both ends have the feature `offload`. */
  readonly offload: boolean;
  readonly macs: MacBudget;
  /** Roles allowed behind its ports; none by default. */
  readonly roles?: ReadonlySet<PortRole>;
  /** Memory for records that wait or are gathered. */
  readonly pool: BlockPool;
  /**
   * Maximum bytes that may wait for a slow receiver, beyond what the network takes; more is dropped. Without it no
   * record is dropped, so the sender must be bounded elsewhere.
   */
  readonly queueBytes?: number;
  /** Receives errors thrown at a turn's end, when messages are sent; without it they end the process. */
  readonly failed?: (error: unknown) => void;
  /** Budget that includes all records waiting for the other end. */
  readonly budget?: QueueBudget;
  /** Work meter for its messages. They are read on only while it is not exhausted. */
  readonly work?: Work;
}

/** The frames' half of a tunnel, the same at either end: one port in each joined segment, selected by VNI. */
export class Tunnel implements RecordReader {
  /** Records dropped because no port matches. */
  readonly drops = new DropCounter();
  /** Skipped records of unknown types. */
  unknownRecords = 0;
  readonly #options: TunnelOptions;
  readonly #outbox: Outbox;
  readonly #ports = new Map<number, TunnelPort>();
  readonly #work: Work;
  #flushing = false;
  readonly #flush = () => {
    try {
      this.#flushAll();
    } catch (error) {
      if (this.#options.failed === undefined) throw error;
      this.#options.failed(error);
    }
  };
  /** The port of the previous record, which is usually that of the next. */
  #lastPort: TunnelPort | undefined;

  constructor(options: TunnelOptions) {
    this.#options = options;
    const { sink, batch, pool, queueBytes, budget, work = new Work() } = options;
    this.#work = work;
    const makeQueue =
      queueBytes === undefined
        ? undefined
        : () =>
            new EgressQueue(
              queueBytes,
              pool,
              (bytes, start, end) => this.#dropUnqueued(bytes, start, end),
              undefined,
              budget,
            );
    this.#outbox = new Outbox({ sink, batch, pool, makeQueue, budget });
  }

  /**
   * Joins a segment.
   *
   * @param macs limit on what this port may learn, if it differs from the tunnel's own budget
   */
  join(segment: Segment, macs = this.#options.macs): TunnelPort {
    const port = new TunnelPort(this.#options, segment, this.#outbox, macs);
    this.#ports.set(segment.vni, port);
    segment.attach(port);
    return port;
  }

  /**
   * Leaves a segment.
   *
   * @returns false if the VNI was not joined
   */
  leave(vni: number): boolean {
    const port = this.#ports.get(vni);
    if (port === undefined) return false;
    // Flushes first, because the tunnel only flushes the segments it is in.
    if (this.#flushing) this.#flushAll();
    this.#ports.delete(vni);
    this.#lastPort = undefined;
    port.segment.detach(port);
    return true;
  }

  /**
   * Switches the records of the binary message `block.bytes[0, size)`, which is lent, until the work's limit is
   * reached. Sends the results of all messages at the end of the event loop's turn, so that each receiver gets them in
   * one.
   *
   * @param from where to begin: 0, or the result of an earlier call for this message
   * @returns where to continue later (`size` when all is done), or the fault of a malformed message
   */
  receive(block: Block, size: number, from = 0): RecordFault | number {
    if (!this.#flushing) {
      this.#flushing = true;
      queueMicrotask(this.#flush);
    }
    return readRecords(block, from, size, this.#options.batch, this);
  }

  record(type: number, block: Block, start: number, end: number): boolean {
    this.#work.done += RECORD_WORK;
    if (type === RECORD_VXLAN) this.#packet(block, start, start + ENCAPSULATION_BYTES, end);
    else if (type !== RECORD_OFFLOAD) this.unknownRecords++;
    else if (this.#options.offload) this.#packet(block, start, start + OFFLOAD_BYTES, end);
    else this.drops.count("not-negotiated");
    return !this.#work.isOver;
  }

  /** Discards everything that waits for the other end, which is gone. Its ports have left their segments. */
  close(): void {
    this.#outbox.close();
  }

  #flushAll(): void {
    this.#flushing = false;
    for (const port of this.#ports.values()) port.segment.flush();
  }

  /** Counts a record that found no room in its receiver's queue. */
  #dropUnqueued(bytes: Uint8Array, start: number, end: number): void {
    const port = this.#ports.get(readVni(bytes, start + RECORD_HEADER_BYTES));
    const frame = start + (isOffload(bytes, start) ? OFFLOAD_BYTES : ENCAPSULATION_BYTES);
    if (port === undefined) this.drops.count("queue-full");
    else port.segment.drop(port, "queue-full", bytes, frame, end);
  }

  #packet(block: Block, start: number, frame: number, end: number): void {
    const { bytes } = block;
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
    // The record goes on as it is, so its reserved bits must be cleared here (RFC 7348 section 5).
    writeVxlan(bytes, header, vni);
    port.segment.forward(port, block, start, frame, end);
  }
}
