import type { Block } from "../../shared/tunnel/block.ts";
import type { MessageSink } from "../../shared/tunnel/outbox.ts";
import type { QueueBudget } from "../../shared/tunnel/queue-budget.ts";

/** An open WebSocket, whoever does its framing. After it has closed, everything here does nothing. */
export interface MessageSocket extends MessageSink {
  sendText(text: string): void;
  /** Sends `block.bytes[start, end)`, which is UTF-8, as text; otherwise as {@link MessageSink.send}. */
  sendEncoded(block: Block, start: number, end: number): void;
  ping(): void;
  /** Reads nothing more until {@link resume}; messages that were read already still come. */
  pause(): void;
  resume(): void;
  /** Counts from now on what waits here as part of this budget and no other: bytes to be sent, and messages that are not complete. */
  accountTo(budget: QueueBudget): void;
  /** Begins the close handshake; the connection is cut where the other side does not answer in time. */
  close(code: number, reason: string): void;
  /** Cuts the connection. */
  terminate(): void;
  /** Sets the bytes of a message at most from now on; a longer one closes with 1009. */
  allow(maxBytes: number): void;
  /** Says who is told of what comes in; nothing is read before. Called once, in the turn in which the socket opened. */
  listen(events: MessageEvents): void;
}

export interface MessageEvents {
  text(message: string): void;
  /** The binary message `block.bytes[0, size)`. A reference to the block is handed over (shared/tunnel/block.ts). */
  binary(block: Block, size: number): void;
  /** The other side answered a ping, or sent one. */
  alive(): void;
  /**
   * The connection is gone.
   *
   * @param code what the other side closed with, 1005 where it gave none, 1006 where it gave up without a word
   */
  closed(code: number, reason: string): void;
}

/** How long a close handshake may take, in milliseconds. */
export const CLOSE_MS = 2_000;
