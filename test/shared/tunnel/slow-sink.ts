import type { Block } from "../../../shared/tunnel/block.ts";
import type { MessageSink } from "../../../shared/tunnel/outbox.ts";

/** A network that takes messages when the test says so. */
export class SlowSink implements MessageSink {
  bufferedAmount = 0;
  readonly isOpen = true;
  /** Copies of all messages, as they were when sent. */
  readonly messages: Uint8Array[] = [];
  /** The messages sent and not yet taken. */
  readonly waiting: { message: Uint8Array; sent: () => void }[] = [];
  /** Called with each message as it is when the network takes it. */
  readonly #arrived: (message: Uint8Array) => void;

  constructor(arrived: (message: Uint8Array) => void = () => {}) {
    this.#arrived = arrived;
  }

  send(block: Block, start: number, end: number, sent?: () => void): void {
    const { bytes } = block;
    const message = start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end);
    this.messages.push(message.slice());
    this.bufferedAmount += message.length;
    this.waiting.push({
      message,
      sent: () => {
        block.release();
        sent?.();
      },
    });
  }

  /** Takes the oldest message. */
  take(): void {
    const first = this.waiting.shift();
    if (first === undefined) return;
    this.#arrived(first.message);
    this.bufferedAmount -= first.message.length;
    first.sent();
  }

  takeAll(): void {
    while (this.waiting.length > 0) this.take();
  }
}
