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
  /** Bytes of a message at most; a longer one closes with 1009. */
  readonly maxBytes: number;
  /**
   * Bytes of a message at most until {@link MessageSocket.allow} is called, and the close code of a longer one; `ws`
   * takes twice as many, and its code is 1009.
   */
  readonly first?: { readonly bytes: number; readonly code: number } | undefined;
  /** The one spoken here; a client that does not offer it is told so by {@link Accepted.subprotocol}. */
  readonly subprotocol: string;
  readonly framing: Framing;
}

export interface Accepted {
  readonly socket: MessageSocket;
  /** Whether the client offered the subprotocol. */
  readonly subprotocol: boolean;
}

/** Answers an upgrade; one that is no proper handshake is answered by an error, and `opened` never called. */
export type Accept = (
  request: IncomingMessage,
  socket: Socket,
  head: Buffer,
  opened: (accepted: Accepted) => void,
) => void;

/** The server's half of opening WebSockets. */
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
