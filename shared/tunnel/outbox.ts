/**
 * What goes to one receiver, gathered into as few messages as can be.
 *
 * Records wait as ranges of the buffers they came in. Neighbours in one buffer are one range, so that a
 * batch whose records all go the same way leaves as it came, without a copy. Small ranges of several buffers are put
 * together into one message; a great one is cheaper sent by itself than copied.
 *
 * A receiver that reads more slowly than others send to it gets a queue (see ./egress-queue.ts), fair between
 * its flows. While it keeps up, the queue is empty and nothing passes through it.
 */

import { MESSAGE_BYTES } from "../protocol/constants.ts";
import { Block } from "./block.ts";
import type { BlockPool } from "./block-pool.ts";
import type { EgressQueue, RecordRange } from "./egress-queue.ts";
import type { QueueBudget } from "./queue-budget.ts";

/** The sending half of a WebSocket, as far as records need it. */
export interface MessageSink {
  /** Bytes handed over and not yet taken by the network. */
  readonly bufferedAmount: number;
  /** Whether messages still go anywhere. */
  readonly isOpen: boolean;
  /**
   * Sends `block.bytes[start, end)` as one binary message. The sink takes over one of the caller's references, and
   * releases it when the bytes were sent or will never be.
   *
   * @param sent called once, after that
   */
  send(block: Block, start: number, end: number, sent?: () => void): void;
}

/** Ranges up to this many bytes are copied together; beyond it a system call costs less than the copy. */
const GATHER_BYTES = 16 * 1024;

export interface OutboxOptions {
  readonly sink: MessageSink;
  /** Whether the receiver has the feature `batch`; without it every record is a message. */
  readonly batch: boolean;
  /** Memory for what is put together. */
  readonly pool: BlockPool;
  /**
   * Makes the queue for what waits once the network holds `windowBytes`, when that happens first; without one
   * everything goes to the network at once.
   */
  readonly makeQueue?: (() => EgressQueue) | undefined;
  /** Bytes that the network may hold before records queue: enough to keep it busy, little enough to reorder behind. */
  readonly windowBytes?: number;
  /** What this receiver has a share of: both window and queue are smaller when little is left of it. */
  readonly budget?: QueueBudget | undefined;
}

/** Half a batch of super-frames more than a line needs to stay busy between two turns of the event loop. */
export const WINDOW_BYTES = 256 * 1024;

export class Outbox {
  readonly #sink: MessageSink;
  readonly #batch: boolean;
  readonly #pool: BlockPool;
  readonly #makeQueue: (() => EgressQueue) | undefined;
  #queue: EgressQueue | undefined;
  readonly #maxWindow: number;
  readonly #budget: QueueBudget | undefined;
  /** What is being gathered; the first `#count` are in use, the others wait to be used again. */
  readonly #ranges: RecordRange[] = [];
  #count = 0;
  #bytes = 0;
  #refilling = false;
  #closed = false;
  readonly #drained = () => this.#refill();

  constructor({ sink, batch, pool, makeQueue, windowBytes = WINDOW_BYTES, budget }: OutboxOptions) {
    this.#sink = sink;
    this.#batch = batch;
    this.#pool = pool;
    this.#makeQueue = makeQueue;
    this.#maxWindow = windowBytes;
    this.#budget = budget;
  }

  /** Adds the record `block.bytes[start, end)`, whose frame begins at `frame`. */
  add(block: Block, start: number, frame: number, end: number): void {
    if (this.#queue !== undefined && !this.#queue.empty) {
      this.#queue.add(block.bytes, start, frame, end);
    } else if (this.#makeQueue === undefined || this.#sink.bufferedAmount + this.#bytes < this.#window) {
      this.#gather(block, start, end);
    } else if (!this.#closed) {
      this.#queue ??= this.#makeQueue();
      this.#queue.add(block.bytes, start, frame, end);
    }
  }

  /** Bytes that the network may hold now: one at least, so that an idle one is given a record even where no budget is left. */
  get #window(): number {
    const budget = this.#budget;
    return budget !== undefined && budget.share < this.#maxWindow
      ? Math.max(1, budget.share)
      : this.#maxWindow;
  }

  /** Sends what was gathered. */
  flush(): void {
    if (this.#count > 0) this.#sendAll();
    // What filled the network may have been others' messages, which tell nobody here that they are sent.
    this.#refill();
  }

  /** Throws away what was gathered and what waits: the receiver is gone. */
  close(): void {
    this.#closed = true;
    for (let i = 0; i < this.#count; i++) (this.#ranges[i] as RecordRange).block.release();
    this.#forget();
    this.#queue?.clear();
  }

  /** Sends what was gathered; the ranges' references go to the sink, or with the copy. */
  #sendAll(): void {
    const ranges = this.#ranges;
    const count = this.#count;
    let from = 0;
    while (from < count) {
      const to = this.#run(from, count);
      const range = ranges[from] as RecordRange;
      // The last message tells when all are sent, because they go in order.
      const sent = to === count && this.#makeQueue !== undefined ? this.#drained : undefined;
      if (to > from + 1 || this.#pinsTooMuch(range)) this.#sendGathered(from, to, sent);
      else this.#sink.send(range.block, range.start, range.end, sent);
      from = to;
    }
    this.#forget();
  }

  /** Empties the list of ranges. The caller has taken over their references. */
  #forget(): void {
    for (let i = 0; i < this.#count; i++) (this.#ranges[i] as RecordRange).block = NOTHING;
    this.#count = 0;
    this.#bytes = 0;
  }

  /**
   * Whether a range that waits would keep more than twice its bytes from being used again. A receiver that does not
   * read could hold a message's memory by each ping otherwise; and as all messages of a turn are let go of together, a
   * small message could hold great ones. Without a queue it is the sender who bounds what waits.
   */
  #pinsTooMuch(range: RecordRange): boolean {
    if (this.#makeQueue === undefined) return false;
    return length(range) <= GATHER_BYTES || length(range) * 2 < range.block.bytes.length;
  }

  /**
   * Sends the ranges [from, to) as one message. Without a queue their blocks are held until that is sent, although it is a
   * copy: they are what bounds the sender.
   */
  #sendGathered(from: number, to: number, sent: (() => void) | undefined): void {
    let size = 0;
    for (let i = from; i < to; i++) size += length(this.#ranges[i] as RecordRange);
    const copy = this.#pool.take(size);
    const held: Block[] | undefined = this.#makeQueue === undefined ? [] : undefined;
    let at = 0;
    for (let i = from; i < to; i++) {
      const { block, start, end } = this.#ranges[i] as RecordRange;
      copy.bytes.set(
        start === 0 && end === block.bytes.length ? block.bytes : block.bytes.subarray(start, end),
        at,
      );
      at += end - start;
      if (held === undefined) block.release();
      else held.push(block);
    }
    if (held !== undefined) this.#sink.send(copy, 0, size, () => releaseAll(held));
    else this.#sink.send(copy, 0, size, sent);
  }

  /** Where the message that begins with range `from` ends: small neighbours go together. */
  #run(from: number, count: number): number {
    let size = length(this.#ranges[from] as RecordRange);
    let to = from + 1;
    if (!this.#batch || size > GATHER_BYTES) return to;
    while (to < count) {
      const next = length(this.#ranges[to] as RecordRange);
      if (next > GATHER_BYTES || size + next > MESSAGE_BYTES) break;
      size += next;
      to++;
    }
    return to;
  }

  /** Takes a reference, unless the record goes with the one before. */
  #gather(block: Block, start: number, end: number): void {
    const last = this.#ranges[this.#count - 1];
    if (this.#count > 0 && last !== undefined && this.#batch && last.block === block && last.end === start) {
      if (end - last.start <= MESSAGE_BYTES) {
        this.#bytes += end - start;
        last.end = end;
        return;
      }
    }
    block.retain();
    this.#append(block, start, end);
  }

  /** Takes over a reference of the caller's. */
  #append(block: Block, start: number, end: number): void {
    this.#bytes += end - start;
    const range = this.#ranges[this.#count];
    if (range === undefined) {
      this.#ranges.push({ block, start, end });
    } else {
      range.block = block;
      range.start = start;
      range.end = end;
    }
    this.#count++;
  }

  /** Moves what waits to the network, once that has room for more than a trickle. */
  #refill(): void {
    const queue = this.#queue;
    // What is gathered is about to be flushed.
    if (queue === undefined || this.#refilling || this.#count > 0 || !this.#sink.isOpen) return;
    this.#refilling = true;
    const next: RecordRange = { block: NOTHING, start: 0, end: 0 };
    while (!queue.empty && this.#sink.isOpen && this.#sink.bufferedAmount <= this.#window / 2) {
      while (this.#sink.bufferedAmount + this.#bytes < this.#window && queue.take(next)) {
        this.#append(next.block, next.start, next.end);
      }
      this.#sendAll();
    }
    this.#refilling = false;
  }
}

/** In place of a block that was handed on, so that the outbox keeps none alive. */
const NOTHING = new Block(new Uint8Array(0));

function releaseAll(blocks: readonly Block[]): void {
  for (const block of blocks) block.release();
}

function length(range: RecordRange): number {
  return range.end - range.start;
}
