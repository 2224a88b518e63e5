import type { Block } from "../../../shared/tunnel/block.ts";
import type { MessageSink } from "../../../shared/tunnel/outbox.ts";
import type { QueueBudget } from "../../../shared/tunnel/queue-budget.ts";

/** A WebSocket as a runtime's adapter gives it. After it has closed, everything here does nothing. */
export interface TunnelSocket extends MessageSink {
  sendText(text: string): void;
  /** Sends `block.bytes[start, end)`, which is UTF-8, as text; otherwise as {@link MessageSink.send}. */
  sendEncoded(block: Block, start: number, end: number): void;
  /** Reads nothing more until {@link resume}; messages that were read already still come. */
  pause(): void;
  resume(): void;
  /** Counts from now on what waits here as part of a budget. */
  accountTo(budget: QueueBudget): void;
  /** Begins the close handshake; the adapter ends the connection where the other side does not answer. */
  close(code: number, reason: string): void;
}

/** What the adapter knows about a connection when it was opened. */
export interface Connection {
  readonly socket: TunnelSocket;
  /** The address that it came from. */
  readonly address: string;
  /** The origin under which the relay was asked for: `https://relay.example`. */
  readonly origin: string;
  /** Whether `laneway.v1` was among the subprotocols offered. */
  readonly subprotocol: boolean;
  /** What stood behind `Authorization: Bearer`, if there was such a header. */
  readonly bearer: string | undefined;
  /** Called once the session was welcomed: the other side is no stranger any more. */
  readonly letIn?: () => void;
}

/** What the adapter tells of a connection's life. */
export interface ConnectionEvents {
  text(message: string): void;
  /** The binary message `block.bytes[0, size)`. A reference to the block is handed over (shared/tunnel/block.ts). */
  binary(block: Block, size: number): void;
  closed(): void;
}
