import type { Socket } from "node:net";
import { WebSocket } from "ws";

/**
 * Uses `ws` for the handshake only, with all its rules, and then takes the connection over. `ws` passes the connection
 * to its framing by a method, which this class overrides.
 */
export class Handshake extends WebSocket {
  /** The socket after the handshake, and the bytes that arrived with it. */
  taken: { readonly socket: Socket; readonly head: Uint8Array } | undefined;

  setSocket(socket: Socket, head: Uint8Array): void {
    this.taken = { socket, head };
    this.emit("open");
  }
}
