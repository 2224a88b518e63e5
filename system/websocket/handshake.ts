import type { Socket } from "node:net";
import { WebSocket } from "ws";

/**
 * Of `ws` only the handshake, which it does with all its rules; then the connection is ours. It hands the connection to
 * the part that reads and writes frames by a method of its own, and that is where it is taken.
 */
export class Handshake extends WebSocket {
  /** What the handshake left: the socket, and what came with it already. */
  taken: { readonly socket: Socket; readonly head: Uint8Array } | undefined;

  setSocket(socket: Socket, head: Uint8Array): void {
    this.taken = { socket, head };
    this.emit("open");
  }
}
