/**
 * Gathers the records for one receiver into as few messages as possible.
 *
 * Records wait as ranges of the buffers they arrived in. Neighbours in one buffer form one range, so a batch whose
 * records all go the same way leaves as it came, without a copy. Small ranges of several buffers are copied into one
 * message; a large one is cheaper to send by itself.
 *
 * A receiver that reads more slowly than others send to it gets a queue (see ./egress-queue.ts), fair between its
 * flows. While it keeps up, the queue is empty and no record passes through it.
 */

import { MESSAGE_BYTES } from "../protocol/constants.ts";
import { Block } from "./block.ts";
import type { BlockPool } from "./block-pool.ts";
import type { EgressQueue, RecordRange } from "./egress-queue.ts";
import type { QueueBudget } from "./queue-budget.ts";

/** The sending half of a WebSocket, as far as records need it. */
export interface MessageSink {
  /** Bytes passed to the sink that the network has not taken yet. */
  readonly bufferedAmount: number;
  /** Whether messages can still be sent. */
  readonly isOpen: boolean;
  /**
   * Sends `block.bytes[start, end)` as one binary message. The sink takes over one of the caller's references and
   * releases it once the bytes are sent or will never be.
   *
   * @param sent called once, after that
   */
  send(block: Block, start: number, end: number, sent?: () => void): void;
}

/** Ranges up to this many bytes are copied together; above it a system call costs less than the copy. */
const GATHER_BYTES = 16 * 1024;

export interface OutboxOptions {
  readonly sink: MessageSink;
  /** Whether the receiver has the feature `batch`; without it every record is a message. */
  readonly batch: boolean;
  /** Memory for messages gathered by copying. */
  readonly pool: BlockPool;
  /**
   * Makes the queue when records first have to wait because the network holds `windowBytes`. Without it all records go
   * to the network at once.
   */
  readonly makeQueue?: (() => EgressQueue) | undefined;
  /** Bytes that the network may hold before records queue: enough to keep it busy, few enough to reorder behind. */
  readonly windowBytes?: number;
  /** Budget shared with other receivers: window and queue both shrink when little of it is left. */
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
  /** Gathered ranges; the first `#count` are in use, the others are for reuse. */
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
    if (this.#queue !== undefined && !this.#queue.isEmpty) {
      this.#queue.add(block.bytes, start, frame, end);
    } else if (this.#makeQueue === undefined || this.#sink.bufferedAmount + this.#bytes < this.#window) {
      this.#gather(block, start, end);
    } else if (!this.#closed) {
      this.#queue ??= this.#makeQueue();
      this.#queue.add(block.bytes, start, frame, end);
    }
  }

  /**
   * Bytes that the network may hold now: at least one, so that an idle network gets a record even when no budget is
   * left.
   */
  get #window(): number {
    const budget = this.#budget;
    return budget !== undefined && budget.share < this.#maxWindow
      ? Math.max(1, budget.share)
      : this.#maxWindow;
  }

  /** Sends the gathered records. */
  flush(): void {
    if (this.#count > 0) this.#sendAll();
    // Messages from elsewhere may have filled the network, and their sending is not reported here.
    this.#refill();
  }

  /** Discards all gathered and queued records, because the receiver is gone. */
  close(): void {
    this.#closed = true;
    for (let i = 0; i < this.#count; i++) (this.#ranges[i] as RecordRange).block.release();
    this.#forget();
    this.#queue?.clear();
  }

  /** Sends the gathered records. The sink or the copy takes over the ranges' references. */
  #sendAll(): void {
    const ranges = this.#ranges;
    const count = this.#count;
    let from = 0;
    while (from < count) {
      const to = this.#run(from, count);
      const range = ranges[from] as RecordRange;
      // The last message reports when all are sent, because they go in order.
      const sent = to === count && this.#makeQueue !== undefined ? this.#drained : undefined;
      if (to > from + 1 || this.#pinsTooMuch(range)) this.#sendGathered(from, to, sent);
      else this.#sink.send(range.block, range.start, range.end, sent);
      from = to;
    }
    this.#forget();
  }

  /** Empties the list of ranges, whose references the caller has taken over. */
  #forget(): void {
    for (let i = 0; i < this.#count; i++) (this.#ranges[i] as RecordRange).block = NOTHING;
    this.#count = 0;
    this.#bytes = 0;
  }

  /**
   * Returns whether a waiting range would hold more than twice its bytes in memory. Otherwise each ping to a receiver
   * that does not read could hold a whole message. A small message could even hold large ones, because all messages of
   * a turn are released together. Without a queue the sender bounds what waits.
   */
  #pinsTooMuch(range: RecordRange): boolean {
    if (this.#makeQueue === undefined) return false;
    return length(range) <= GATHER_BYTES || length(range) * 2 < range.block.bytes.length;
  }

  /**
   * Sends the ranges [from, to) as one message. Without a queue it holds their blocks until the message is sent,
   * although that is a copy, because the held blocks bound the sender.
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

  /** Returns the end of the message that begins with range `from`: small neighbours go together. */
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

  /** Takes a reference, unless the record extends the previous range. */
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

  /** Takes over one of the caller's references. */
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

  /** Moves queued records to the network once that has room for more than a trickle. */
  #refill(): void {
    const queue = this.#queue;
    // Gathered records are about to be flushed.
    if (queue === undefined || this.#refilling || this.#count > 0 || !this.#sink.isOpen) return;
    this.#refilling = true;
    const next: RecordRange = { block: NOTHING, start: 0, end: 0 };
    while (!queue.isEmpty && this.#sink.isOpen && this.#sink.bufferedAmount <= this.#window / 2) {
      while (this.#sink.bufferedAmount + this.#bytes < this.#window && queue.take(next)) {
        this.#append(next.block, next.start, next.end);
      }
      this.#sendAll();
    }
    this.#refilling = false;
  }
}

/** Replaces a block that was passed on, so that the outbox keeps none alive. */
const NOTHING = new Block(new Uint8Array(0));

function releaseAll(blocks: readonly Block[]): void {
  for (const block of blocks) block.release();
}

function length(range: RecordRange): number {
  return range.end - range.start;
}
