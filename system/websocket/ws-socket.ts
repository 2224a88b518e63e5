import type { Socket } from "node:net";
import type { WebSocket } from "ws";
import { Block } from "../../shared/tunnel/block.ts";
import type { QueueBudget } from "../../shared/tunnel/queue-budget.ts";
import { CLOSE_MS, type MessageEvents, type MessageSocket } from "./message-socket.ts";

/** A WebSocket framed by `ws`. */
export class WsSocket implements MessageSocket {
  readonly #ws: WebSocket;
  readonly #socket: Socket;
  #buffered = 0;
  #budget: QueueBudget | undefined;
  readonly #uncork = () => this.#socket.uncork();

  /**
   * Creates a socket.
   *
   * @param socket the connection below `ws`
   */
  constructor(ws: WebSocket, socket: Socket) {
    this.#ws = ws;
    this.#socket = socket;
  }

  get bufferedAmount(): number {
    return this.#buffered;
  }

  get isOpen(): boolean {
    return this.#ws.readyState === this.#ws.OPEN;
  }

  listen(events: MessageEvents): void {
    const ws = this.#ws;
    ws.on("message", (data, isBinary) => {
      // The message is memory of the garbage collector, from `ws`.
      if (isBinary) events.binary(new Block(data as Buffer), (data as Buffer).length);
      else events.text(data.toString());
    });
    ws.on("ping", () => events.alive());
    ws.on("pong", () => events.alive());
    // `ws` answers protocol errors with the close code of RFC 6455; `close` follows.
    ws.on("error", nothing);
    ws.on("close", (code, reason) => events.closed(code, reason.toString()));
  }

  send(block: Block, start: number, end: number, sent?: () => void): void {
    // Everything sent here in one turn of the event loop leaves by one system call.
    if (this.#socket.writableCorked === 0) {
      this.#socket.cork();
      process.nextTick(this.#uncork);
    }
    const size = end - start;
    this.#count(size);
    this.#ws.send(block.bytes.subarray(start, end), () => {
      this.#count(-size);
      block.release();
      sent?.();
    });
  }

  sendText(text: string): void {
    const size = text.length;
    this.#count(size);
    this.#ws.send(text, () => this.#count(-size));
  }

  sendEncoded(block: Block, start: number, end: number): void {
    const size = end - start;
    this.#count(size);
    this.#ws.send(block.bytes.subarray(start, end), { binary: false }, () => {
      this.#count(-size);
      block.release();
    });
  }

  pause(): void {
    this.#ws.pause();
  }

  resume(): void {
    this.#ws.resume();
  }

  accountTo(budget: QueueBudget): void {
    this.#budget?.add(-this.#buffered);
    this.#budget = budget;
    budget.add(this.#buffered);
  }

  ping(): void {
    if (this.#ws.readyState === this.#ws.OPEN) this.#ws.ping();
  }

  close(code: number, reason: string): void {
    this.#ws.close(code, reason);
    setTimeout(() => this.#ws.terminate(), CLOSE_MS).unref();
  }

  /** Sets a limit for which `ws` has no public API. If its internals are not as expected, the limit stays as it was. */
  allow(maxBytes: number): void {
    const receiver: unknown = Reflect.get(this.#ws, "_receiver");
    if (typeof receiver === "object" && receiver !== null) Reflect.set(receiver, "_maxPayload", maxBytes);
  }

  terminate(): void {
    this.#ws.terminate();
  }

  #count(bytes: number): void {
    this.#buffered += bytes;
    this.#budget?.add(bytes);
  }
}

function nothing(): void {}
