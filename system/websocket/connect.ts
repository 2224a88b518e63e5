import type { Socket } from "node:net";
import { WebSocket } from "ws";
import { blockPool } from "../memory.ts";
import { FramedSocket } from "./framed-socket.ts";
import type { Framing } from "./framing.ts";
import { Handshake } from "./handshake.ts";
import type { MessageEvents, MessageSocket } from "./message-socket.ts";
import { readBuffer } from "./static-read.ts";
import { WsSocket } from "./ws-socket.ts";

export interface ConnectOptions {
  readonly subprotocol: string;
  /** Bytes of a message at most; a longer one closes with 1009. */
  readonly maxBytes: number;
  /** Milliseconds that all of it may take. */
  readonly timeoutMs: number;
  readonly framing: Framing;
  readonly signal: AbortSignal;
  /** Called with the connection below, before anything but the handshake went over it. */
  readonly prepare?: (socket: Socket) => void;
  /** Called once it is open, before anything comes in, for who is told of that. */
  readonly opened: (socket: MessageSocket) => MessageEvents;
}

/** The server answered the handshake with another status than 101. */
export class UpgradeRefused extends Error {
  readonly status: number;

  constructor(status: number) {
    super(`the upgrade was answered with status ${status}`);
    this.status = status;
  }
}

/**
 * Opens a WebSocket.
 *
 * @throws {@link UpgradeRefused}; the system's error where there is no connection; the signal's reason when aborted
 */
export async function connect(url: URL, options: ConnectOptions): Promise<void> {
  const { subprotocol, maxBytes, timeoutMs, framing, signal, prepare, opened } = options;
  signal.throwIfAborted();
  const ws = new (framing === "own" ? Handshake : WebSocket)(url, subprotocol, {
    perMessageDeflate: false,
    maxPayload: maxBytes,
  });
  let below: Socket | undefined;
  ws.on("upgrade", ({ socket }) => {
    below = socket;
    prepare?.(socket);
  });
  const abort = () => ws.terminate();
  signal.addEventListener("abort", abort);
  let late: ReturnType<typeof setTimeout> | undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      // Not the `handshakeTimeout` of `ws`, which begins anew with every byte of the answer.
      late = setTimeout(() => {
        reject(new Error(`the handshake took longer than ${timeoutMs} ms`));
        ws.terminate();
      }, timeoutMs);
      ws.on("unexpected-response", (_request, response) => {
        response.resume();
        reject(new UpgradeRefused(response.statusCode ?? 0));
        ws.terminate();
      });
      ws.on("error", reject);
      ws.on("close", () => reject(new Error("the connection was cut")));
      ws.on("open", () => {
        const taken = ws instanceof Handshake ? ws.taken : undefined;
        const socket: MessageSocket =
          taken === undefined
            ? new WsSocket(ws, below as Socket)
            : new FramedSocket({
                ...taken,
                side: "client",
                maxBytes,
                buffer: readBuffer(),
                pool: blockPool(),
              });
        socket.listen(opened(socket));
        resolve();
      });
    });
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    clearTimeout(late);
    signal.removeEventListener("abort", abort);
  }
}
