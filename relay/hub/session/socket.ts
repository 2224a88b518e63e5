import type { Block } from "../../../shared/tunnel/block.ts";
import type { MessageSink } from "../../../shared/tunnel/outbox.ts";
import type { QueueBudget } from "../../../shared/tunnel/queue-budget.ts";

/** A WebSocket as a runtime's adapter provides it. After it has closed, its methods do nothing. */
export interface TunnelSocket extends MessageSink {
  sendText(text: string): void;
  /** Sends `block.bytes[start, end)`, which is UTF-8, as text; otherwise like {@link MessageSink.send}. */
  sendEncoded(block: Block, start: number, end: number): void;
  /** Stops reading until {@link resume}; messages that were read already are still delivered. */
  pause(): void;
  resume(): void;
  /** Counts the bytes that wait here as part of a budget from now on. */
  accountTo(budget: QueueBudget): void;
  /** Starts the close handshake; the adapter ends the connection if the other side does not answer. */
  close(code: number, reason: string): void;
}

/** What the adapter knows about a connection when it opens. */
export interface Connection {
  readonly socket: TunnelSocket;
  /** The address of the client. */
  readonly address: string;
  /** The origin by which the client reached the relay: `https://relay.example`. */
  readonly origin: string;
  /** Whether the client offered the subprotocol `laneway.v1`. */
  readonly subprotocol: boolean;
  /** The token of `Authorization: Bearer`, if there was such a header. */
  readonly bearer: string | undefined;
  /** Called once the session is welcomed: the other side is no longer a stranger. */
  readonly letIn?: () => void;
}

/** The events of a connection, called by the adapter. */
export interface ConnectionEvents {
  text(message: string): void;
  /**
   * The binary message `block.bytes[0, size)`. The receiver takes over a reference to the block
   * (shared/tunnel/block.ts).
   */
  binary(block: Block, size: number): void;
  closed(): void;
}
