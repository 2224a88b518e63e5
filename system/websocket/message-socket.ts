import type { Block } from "../../shared/tunnel/block.ts";
import type { MessageSink } from "../../shared/tunnel/outbox.ts";
import type { QueueBudget } from "../../shared/tunnel/queue-budget.ts";

/** An open WebSocket, independent of its framing. After it has closed, its methods do nothing. */
export interface MessageSocket extends MessageSink {
  sendText(text: string): void;
  /** Sends `block.bytes[start, end)`, which is UTF-8, as text; otherwise works as {@link MessageSink.send}. */
  sendEncoded(block: Block, start: number, end: number): void;
  ping(): void;
  /** Stops reading until {@link resume}. Messages that were already read still arrive. */
  pause(): void;
  resume(): void;
  /**
   * Counts everything that waits here in this budget, and no other, from now on: bytes to send, and incomplete
   * messages.
   */
  accountTo(budget: QueueBudget): void;
  /** Begins the close handshake. Cuts the connection if the other side does not answer in time. */
  close(code: number, reason: string): void;
  /** Cuts the connection. */
  terminate(): void;
  /** Sets the maximum size of a message in bytes; a longer one closes with 1009. */
  allow(maxBytes: number): void;
  /** Sets the receiver of events and starts reading. Call it once, in the turn in which the socket opened. */
  listen(events: MessageEvents): void;
}

export interface MessageEvents {
  text(message: string): void;
  /** Receives the binary message `block.bytes[0, size)`, and one reference to the block (shared/tunnel/block.ts). */
  binary(block: Block, size: number): void;
  /** Called when the other side answered a ping, or sent one. */
  alive(): void;
  /**
   * Called when the connection is gone.
   *
   * @param code the other side's close code: 1005 if its close frame had none, 1006 if none arrived
   */
  closed(code: number, reason: string): void;
}

/** Time limit of a close handshake, in milliseconds. */
export const CLOSE_MS = 2_000;
