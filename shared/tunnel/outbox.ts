/**
 * What goes to one receiver, gathered into as few messages as can be.
 *
 * Records wait as ranges of the buffers they came in. Neighbours in one buffer are one range, so that a
 * batch whose records all go the same way leaves as it came, without a copy; only a message gathered from
 * several places is put together anew.
 */
import { MESSAGE_BYTES } from "./constants.ts";

/** The sending half of a WebSocket, as far as records need it. */
export interface MessageSink {
  /** Bytes handed over and not yet taken by the network. */
  readonly bufferedAmount: number;
  /** Sends one binary message. The bytes stay untouched until `sent` is called, once, also on failure. */
  send(message: Uint8Array, sent?: () => void): void;
}

interface Range {
  bytes: Uint8Array;
  start: number;
  end: number;
}

/**
 * Bytes queued for one receiver at most: about 10 ms of a 200 Mbit/s line. More would be delay without gain,
 * less would not fill a message.
 */
export const QUEUE_BYTES = 256 * 1024;

export class Outbox {
  readonly #sink: MessageSink;
  readonly #batch: boolean;
  readonly #queueBytes: number;
  /** Ranges of the message being gathered; the first `#count` of them are in use, the others wait to be used again. */
  readonly #ranges: Range[] = [];
  #count = 0;
  #bytes = 0;

  /**
   * @param batch whether the receiver has the feature `batch`; without it every record is a message
   * @param queueBytes what may wait for a slow receiver
   */
  constructor(sink: MessageSink, batch: boolean, queueBytes: number = QUEUE_BYTES) {
    this.#sink = sink;
    this.#batch = batch;
    this.#queueBytes = queueBytes;
  }

  /** True while nothing waits for {@link flush}. */
  get empty(): boolean {
    return this.#count === 0;
  }

  /**
   * Adds the record `bytes[start, end)`, which stays untouched until it was sent.
   *
   * @returns false where the receiver's queue is full; the record is then the caller's to drop and count
   */
  add(bytes: Uint8Array, start: number, end: number): boolean {
    const size = end - start;
    if (this.#bytes + size + this.#sink.bufferedAmount > this.#queueBytes) return false;
    const last = this.#count > 0 ? (this.#ranges[this.#count - 1] as Range) : undefined;
    if (last !== undefined) {
      if (this.#batch && this.#bytes + size <= MESSAGE_BYTES) {
        if (last.bytes === bytes && last.end === start) {
          last.end = end;
          this.#bytes += size;
          return true;
        }
      } else {
        this.flush();
      }
    }
    this.#append(bytes, start, end);
    return true;
  }

  /** Sends what was gathered. `sent` is called once the bytes may be used again: at once where there are none. */
  flush(sent?: () => void): void {
    if (this.#count === 0) {
      sent?.();
      return;
    }
    const message = this.#count === 1 ? this.#only() : this.#gathered();
    for (let i = 0; i < this.#count; i++) (this.#ranges[i] as Range).bytes = NOTHING;
    this.#count = 0;
    this.#bytes = 0;
    this.#sink.send(message, sent);
  }

  #append(bytes: Uint8Array, start: number, end: number): void {
    const range = this.#ranges[this.#count];
    if (range === undefined) {
      this.#ranges.push({ bytes, start, end });
    } else {
      range.bytes = bytes;
      range.start = start;
      range.end = end;
    }
    this.#count++;
    this.#bytes += end - start;
  }

  #only(): Uint8Array {
    const { bytes, start, end } = this.#ranges[0] as Range;
    return start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end);
  }

  #gathered(): Uint8Array {
    const message = new Uint8Array(this.#bytes);
    let at = 0;
    for (let i = 0; i < this.#count; i++) {
      const { bytes, start, end } = this.#ranges[i] as Range;
      message.set(bytes.subarray(start, end), at);
      at += end - start;
    }
    return message;
  }
}

/** In place of a buffer that was sent, so that the outbox keeps none alive. */
const NOTHING = new Uint8Array(0);
