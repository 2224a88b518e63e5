import type { Socket } from "node:net";
import { WebSocket } from "ws";
import { plainText } from "../../shared/values/plain-text.ts";
import { blockPool } from "../memory.ts";
import { FramedSocket } from "./framed-socket.ts";
import type { Framing } from "./framing.ts";
import { Handshake } from "./handshake.ts";
import type { MessageEvents, MessageSocket } from "./message-socket.ts";
import { readBuffer } from "./static-read.ts";
import { WsSocket } from "./ws-socket.ts";

export interface ConnectOptions {
  readonly subprotocol: string;
  /** Maximum size of a message in bytes; a longer one closes with 1009. */
  readonly maxBytes: number;
  /** Time limit for connecting and the handshake together, in milliseconds. */
  readonly timeoutMs: number;
  readonly framing: Framing;
  readonly signal: AbortSignal;
  /** Request headers. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Opens the connection below, with its TLS. By default connects directly to the URL's host. */
  readonly dial?: (signal: AbortSignal) => Promise<Socket>;
  /** Called with the connection below when only the handshake has gone over it. */
  readonly prepare?: (socket: Socket) => void;
  /** Called once the WebSocket is open, before any message arrives. Returns the receiver of its events. */
  readonly opened: (socket: MessageSocket) => MessageEvents;
}

/** The server answered the handshake with a status other than 101. */
export class UpgradeRefused extends Error {
  readonly status: number;
  /** The answer's WWW-Authenticate header (RFC 9110 section 11.6.1), or empty if absent. */
  readonly asksFor: string;

  constructor(status: number, asksFor = "") {
    super(`the upgrade was answered with status ${status}`);
    this.status = status;
    this.asksFor = asksFor;
  }
}

/**
 * Opens a WebSocket.
 *
 * @throws {@link UpgradeRefused}; the system's error if the connection fails; the signal's reason when aborted
 */
export async function connect(url: URL, options: ConnectOptions): Promise<void> {
  const { signal, timeoutMs, dial } = options;
  if (dial === undefined) return await upgrade(url, options, timeoutMs, undefined);
  const start = performance.now();
  const socket = await dialled(dial, timeoutMs, signal);
  try {
    await upgrade(url, options, Math.max(1, timeoutMs - (performance.now() - start)), socket);
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

function tooLong(timeoutMs: number): Error {
  return new Error(`the handshake took longer than ${timeoutMs} ms`);
}

async function dialled(
  dial: (signal: AbortSignal) => Promise<Socket>,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Socket> {
  const attempt = new AbortController();
  const abort = () => attempt.abort(signal.reason);
  const late = setTimeout(() => attempt.abort(tooLong(timeoutMs)), timeoutMs);
  signal.addEventListener("abort", abort);
  try {
    signal.throwIfAborted();
    return await dial(attempt.signal);
  } finally {
    clearTimeout(late);
    signal.removeEventListener("abort", abort);
  }
}

/**
 * Performs the handshake.
 *
 * @param socket the connection below, if it is already open
 */
async function upgrade(
  url: URL,
  options: ConnectOptions,
  timeoutMs: number,
  socket: Socket | undefined,
): Promise<void> {
  const { subprotocol, maxBytes, framing, signal, headers, prepare, opened } = options;
  signal.throwIfAborted();
  const ws = new (framing === "own" ? Handshake : WebSocket)(url, subprotocol, {
    perMessageDeflate: false,
    maxPayload: maxBytes,
    ...(headers === undefined ? {} : { headers }),
    ...(socket === undefined ? {} : { createConnection: () => socket }),
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
      // Does not use the `handshakeTimeout` of `ws`, which restarts with every byte of the answer.
      late = setTimeout(() => {
        reject(tooLong(options.timeoutMs));
        ws.terminate();
      }, timeoutMs);
      ws.on("unexpected-response", (_request, response) => {
        response.resume();
        const { statusCode = 0, headers: said } = response;
        reject(new UpgradeRefused(statusCode, plainText(said["www-authenticate"] ?? "", 256)));
        ws.terminate();
      });
      ws.on("error", reject);
      ws.on("close", () => reject(new Error("the connection was cut")));
      ws.on("open", () => {
        const taken = ws instanceof Handshake ? ws.taken : undefined;
        const messages: MessageSocket =
          taken === undefined
            ? new WsSocket(ws, below as Socket)
            : new FramedSocket({
                ...taken,
                side: "client",
                maxBytes,
                buffer: readBuffer(),
                pool: blockPool(),
              });
        messages.listen(opened(messages));
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
