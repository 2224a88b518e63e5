import type { MessageSink } from "../../shared/tunnel/outbox.ts";

/** A WebSocket as a runtime's adapter gives it. After it has closed, everything here does nothing. */
export interface TunnelSocket extends MessageSink {
  sendText(text: string): void;
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
}

/** What the adapter tells of a connection's life. */
export interface ConnectionEvents {
  text(message: string): void;
  /** The bytes may be used until `release` is called, which has to be once. */
  binary(message: Uint8Array, release: () => void): void;
  closed(): void;
}
