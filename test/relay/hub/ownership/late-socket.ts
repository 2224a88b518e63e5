import type { ConnectionEvents, TunnelSocket } from "../../../../relay/hub/session/socket.ts";
import type { Block } from "../../../../shared/tunnel/block.ts";
import type { QueueBudget } from "../../../../shared/tunnel/queue-budget.ts";

interface Waiting {
  readonly block: Block | undefined;
  readonly start: number;
  readonly end: number;
  readonly isText: boolean;
  readonly sent: (() => void) | undefined;
}

/**
 * A connection whose network reads a message's bytes as late as it may: when the test says so, long after the relay handed
 * them over, and so after every mistake that could have been made with them.
 */
export class LateSocket implements TunnelSocket {
  bufferedAmount = 0;
  isClosed = false;
  isPaused = false;
  events: ConnectionEvents | undefined;
  /** What the relay said in text, in order. */
  readonly texts: string[] = [];
  /** Called with each binary message as the network takes it. */
  arrived: (message: Buffer) => void = () => {};
  /** Called within the relay's own call, before it goes on. */
  onText: () => void = () => {};
  readonly #waiting: Waiting[] = [];
  #budget: QueueBudget | undefined;

  get waiting(): number {
    return this.#waiting.length;
  }

  send(block: Block, start: number, end: number, sent?: () => void): void {
    if (this.isClosed) {
      block.release();
      sent?.();
      return;
    }
    this.#push({ block, start, end, isText: false, sent });
  }

  sendEncoded(block: Block, start: number, end: number): void {
    if (this.isClosed) return block.release();
    this.#push({ block, start, end, isText: true, sent: undefined });
    this.onText();
  }

  sendText(text: string): void {
    if (this.isClosed) return;
    this.texts.push(text);
    this.#push({ block: undefined, start: 0, end: text.length, isText: true, sent: undefined });
    this.onText();
  }

  /** The relay closes: as on a real socket, what waits is cut off a little later. */
  close(): void {
    this.isClosed = true;
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }

  get isOpen(): boolean {
    return !this.isClosed;
  }

  accountTo(budget: QueueBudget): void {
    this.#budget?.add(-this.bufferedAmount);
    this.#budget = budget;
    budget.add(this.bufferedAmount);
  }

  /** Has the network take the oldest message. */
  take(): void {
    const first = this.#waiting.shift();
    if (first === undefined) return;
    if (first.block !== undefined && !first.isText) {
      this.arrived(Buffer.from(first.block.bytes.subarray(first.start, first.end)));
    }
    this.#done(first);
  }

  /** Cuts the connection: nothing that waits is sent any more. */
  cut(): void {
    this.isClosed = true;
    for (let first = this.#waiting.shift(); first !== undefined; first = this.#waiting.shift())
      this.#done(first);
    this.events?.closed();
  }

  #push(message: Waiting): void {
    this.#waiting.push(message);
    this.#count(message.end - message.start);
  }

  #done({ block, start, end, sent }: Waiting): void {
    this.#count(start - end);
    block?.release();
    sent?.();
  }

  #count(bytes: number): void {
    this.bufferedAmount += bytes;
    this.#budget?.add(bytes);
  }
}
