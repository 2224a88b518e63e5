import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { WebSocketServer } from "ws";
import { blockPool } from "../memory.ts";
import { FramedSocket } from "./framed-socket.ts";
import type { Framing } from "./framing.ts";
import { Handshake } from "./handshake.ts";
import type { MessageSocket } from "./message-socket.ts";
import { readBuffer } from "./static-read.ts";
import { WsSocket } from "./ws-socket.ts";

export interface AcceptOptions {
  /** Maximum size of a message in bytes; a longer one closes with 1009. */
  readonly maxBytes: number;
  /**
   * Maximum size of a message in bytes until {@link MessageSocket.allow} is called, and the close code for a longer
   * one. With `ws` the limit is twice as high and the code 1009.
   */
  readonly first?: { readonly bytes: number; readonly code: number } | undefined;
  /** The subprotocol of this server. If the client does not offer it, {@link Accepted.subprotocol} is false. */
  readonly subprotocol: string;
  readonly framing: Framing;
}

export interface Accepted {
  readonly socket: MessageSocket;
  /** Whether the client offered the subprotocol. */
  readonly subprotocol: boolean;
}

/** Answers an upgrade. Answers an invalid handshake with an error and does not call `opened`. */
export type Accept = (
  request: IncomingMessage,
  socket: Socket,
  head: Buffer,
  opened: (accepted: Accepted) => void,
) => void;

/** Creates the server's half of opening WebSockets. */
export function accepting({ maxBytes, first, subprotocol, framing }: AcceptOptions): Accept {
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: maxBytes,
    handleProtocols: (offered) => (offered.has(subprotocol) ? subprotocol : false),
    ...(framing === "own" ? { WebSocket: Handshake } : {}),
  });
  const pool = blockPool();
  const buffer = readBuffer();
  return (request, socket, head, opened) => {
    server.handleUpgrade(request, socket, head, (ws) => {
      const taken = ws instanceof Handshake ? ws.taken : undefined;
      const limits = { maxBytes: first?.bytes ?? maxBytes, tooBig: first?.code };
      const message: MessageSocket =
        taken === undefined
          ? new WsSocket(ws, socket)
          : new FramedSocket({ ...taken, side: "server", ...limits, buffer, pool });
      if (taken === undefined && first !== undefined) message.allow(2 * first.bytes);
      opened({ socket: message, subprotocol: ws.protocol === subprotocol });
    });
  };
}
