/**
 * What goes to one receiver, gathered into as few messages as can be.
 *
 * Records wait as ranges of the buffers they came in. Neighbours in one buffer are one range, so that a
 * batch whose records all go the same way leaves as it came, without a copy. Small ranges of several buffers are put
 * together into one message; a great one is cheaper sent by itself than copied.
 *
 * A receiver that reads more slowly than others send to it gets a queue (see ../switch/egress-queue.ts), fair between
 * its flows. While it keeps up, the queue is empty and nothing passes through it.
 */
import type { EgressQueue } from "../switch/egress-queue.ts";
import type { BlockPool } from "./block-pool.ts";
import { MESSAGE_BYTES } from "./constants.ts";

/** Where a record lies, or several that are neighbours: `bytes[start, end)`. */
export interface RecordRange {
  bytes: Uint8Array;
  start: number;
  end: number;
}

/** The sending half of a WebSocket, as far as records need it. */
export interface MessageSink {
  /** Bytes handed over and not yet taken by the network. */
  readonly bufferedAmount: number;
  /** Sends one binary message. The bytes stay untouched until `sent` is called, once, also on failure. */
  send(message: Uint8Array, sent?: () => void): void;
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
}

/** Half a batch of super-frames more than a line needs to stay busy between two turns of the event loop. */
export const WINDOW_BYTES = 256 * 1024;

export class Outbox {
  readonly #sink: MessageSink;
  readonly #batch: boolean;
  readonly #pool: BlockPool;
  readonly #makeQueue: (() => EgressQueue) | undefined;
  #queue: EgressQueue | undefined;
  readonly #window: number;
  /** What is being gathered; the first `#count` are in use, the others wait to be used again. */
  readonly #ranges: RecordRange[] = [];
  #count = 0;
  #bytes = 0;
  #refilling = false;
  readonly #drained = () => this.#refill();

  constructor({ sink, batch, pool, makeQueue, windowBytes = WINDOW_BYTES }: OutboxOptions) {
    this.#sink = sink;
    this.#batch = batch;
    this.#pool = pool;
    this.#makeQueue = makeQueue;
    this.#window = windowBytes;
  }

  /** Adds the record `bytes[start, end)`, whose frame begins at `frame`; it stays untouched until it was sent. */
  add(bytes: Uint8Array, start: number, frame: number, end: number): void {
    if (this.#queue !== undefined && !this.#queue.empty) {
      this.#queue.add(bytes, start, frame, end);
    } else if (this.#makeQueue === undefined || this.#sink.bufferedAmount + this.#bytes <= this.#window) {
      this.#gather(bytes, start, end);
    } else {
      this.#queue ??= this.#makeQueue();
      this.#queue.add(bytes, start, frame, end);
    }
  }

  /** Sends what was gathered. `sent` is called once the bytes may be used again: at once where there are none. */
  flush(sent?: () => void): void {
    if (this.#count === 0) sent?.();
    else if (this.#makeQueue === undefined) this.#sendAll(undefined, sent);
    else this.#sendAll(sent, this.#drained);
    // What filled the network may have been others' messages, which tell nobody here that they are sent.
    this.#refill();
  }

  /**
   * Sends what was gathered.
   *
   * @param unpinned called once all that was sent without a copy is sent, at once where it all was copied
   * @param last called once everything is sent
   */
  #sendAll(unpinned: (() => void) | undefined, last: (() => void) | undefined): void {
    const ranges = this.#ranges;
    const count = this.#count;
    // One more than is sent without a copy, until all is handed over.
    let pinned = 1;
    const unpin = () => {
      pinned--;
      if (pinned === 0) unpinned?.();
    };
    let from = 0;
    while (from < count) {
      const to = this.#run(from, count);
      // The last message tells when all are sent, because they go in order.
      const done = to === count ? last : undefined;
      const range = ranges[from] as RecordRange;
      if (to > from + 1 || this.#pinsTooMuch(range)) {
        this.#sendGathered(from, to, done);
      } else {
        pinned++;
        this.#sink.send(only(range), unpinned === undefined ? done : both(unpin, done));
      }
      from = to;
    }
    for (let i = 0; i < count; i++) (ranges[i] as RecordRange).bytes = NOTHING;
    this.#count = 0;
    this.#bytes = 0;
    unpin();
  }

  /**
   * Whether a range that waits would keep more than twice its bytes from being used again. A receiver that does not
   * read could hold a message's memory by each ping otherwise; and as all messages of a turn are let go of together, a
   * small message could hold great ones. Without a queue it is the sender who bounds what waits.
   */
  #pinsTooMuch(range: RecordRange): boolean {
    if (this.#makeQueue === undefined) return false;
    return length(range) <= GATHER_BYTES || length(range) * 2 < range.bytes.length;
  }

  /** Sends the ranges [from, to) as one message. */
  #sendGathered(from: number, to: number, done: (() => void) | undefined): void {
    let size = 0;
    for (let i = from; i < to; i++) size += length(this.#ranges[i] as RecordRange);
    const block = this.#pool.take(size);
    let at = 0;
    for (let i = from; i < to; i++) {
      const range = this.#ranges[i] as RecordRange;
      block.set(only(range), at);
      at += length(range);
    }
    this.#sink.send(block.subarray(0, size), () => {
      this.#pool.give(block);
      done?.();
    });
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

  #gather(bytes: Uint8Array, start: number, end: number): void {
    this.#bytes += end - start;
    const last = this.#ranges[this.#count - 1];
    if (this.#count > 0 && last !== undefined && this.#batch && last.bytes === bytes && last.end === start) {
      if (end - last.start <= MESSAGE_BYTES) {
        last.end = end;
        return;
      }
    }
    const range = this.#ranges[this.#count];
    if (range === undefined) {
      this.#ranges.push({ bytes, start, end });
    } else {
      range.bytes = bytes;
      range.start = start;
      range.end = end;
    }
    this.#count++;
  }

  /** Moves what waits to the network, once that has room for more than a trickle. */
  #refill(): void {
    const queue = this.#queue;
    // What is gathered is about to be flushed by whoever has to hear that it is sent.
    if (queue === undefined || this.#refilling || this.#count > 0) return;
    this.#refilling = true;
    while (!queue.empty && this.#sink.bufferedAmount <= this.#window / 2) {
      const taken: Uint8Array[] = [];
      const next: RecordRange = { bytes: NOTHING, start: 0, end: 0 };
      while (this.#sink.bufferedAmount + this.#bytes < this.#window && queue.take(next)) {
        this.#gather(next.bytes, next.start, next.end);
        taken.push(next.bytes);
      }
      this.flush(() => {
        for (const block of taken) this.#pool.give(block);
      });
    }
    this.#refilling = false;
  }
}

function both(first: () => void, second: (() => void) | undefined): () => void {
  if (second === undefined) return first;
  return () => {
    first();
    second();
  };
}

/** In place of a buffer that was sent, so that the outbox keeps none alive. */
const NOTHING = new Uint8Array(0);

function length(range: RecordRange): number {
  return range.end - range.start;
}

function only({ bytes, start, end }: RecordRange): Uint8Array {
  return start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end);
}
