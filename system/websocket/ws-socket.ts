import type { Socket } from "node:net";
import type { WebSocket } from "ws";
import { CLOSE_MS, type MessageEvents, type MessageSocket } from "./message-socket.ts";

/** A WebSocket framed by `ws`. */
export class WsSocket implements MessageSocket {
  readonly #ws: WebSocket;
  readonly #socket: Socket;
  #buffered = 0;
  readonly #uncork = () => this.#socket.uncork();

  /** @param socket what `ws` writes to */
  constructor(ws: WebSocket, socket: Socket) {
    this.#ws = ws;
    this.#socket = socket;
  }

  get bufferedAmount(): number {
    return this.#buffered;
  }

  listen(events: MessageEvents): void {
    const ws = this.#ws;
    ws.on("message", (data, isBinary) => {
      if (isBinary) events.binary(data as Buffer, nothing);
      else events.text(data.toString());
    });
    ws.on("ping", () => events.alive());
    ws.on("pong", () => events.alive());
    // What is wrong with the WebSocket itself, `ws` answers with the close code of RFC 6455; `close` follows.
    ws.on("error", nothing);
    ws.on("close", (code, reason) => events.closed(code, reason.toString()));
  }

  send(message: Uint8Array, sent?: () => void): void {
    // All that one turn of the event loop sends here leaves by one system call.
    if (this.#socket.writableCorked === 0) {
      this.#socket.cork();
      process.nextTick(this.#uncork);
    }
    this.#buffered += message.length;
    this.#ws.send(message, () => {
      this.#buffered -= message.length;
      sent?.();
    });
  }

  sendText(text: string): void {
    this.#buffered += text.length;
    this.#ws.send(text, () => {
      this.#buffered -= text.length;
    });
  }

  ping(): void {
    if (this.#ws.readyState === this.#ws.OPEN) this.#ws.ping();
  }

  close(code: number, reason: string): void {
    this.#ws.close(code, reason);
    setTimeout(() => this.#ws.terminate(), CLOSE_MS).unref();
  }

  terminate(): void {
    this.#ws.terminate();
  }
}

function nothing(): void {
  // The collector has what `ws` gave.
}
