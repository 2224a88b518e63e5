import type { MessageSink } from "../../shared/tunnel/outbox.ts";

/** An open WebSocket, whoever does its framing. After it has closed, everything here does nothing. */
export interface MessageSocket extends MessageSink {
  sendText(text: string): void;
  ping(): void;
  /** Begins the close handshake; the connection is cut where the other side does not answer in time. */
  close(code: number, reason: string): void;
  /** Cuts the connection. */
  terminate(): void;
  /** Says who is told of what comes in; nothing is read before. Called once, in the turn in which the socket opened. */
  listen(events: MessageEvents): void;
}

export interface MessageEvents {
  text(message: string): void;
  /** A binary message, whose bytes may be used until `release` is called, which has to be once. */
  binary(message: Uint8Array, release: () => void): void;
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
