import { once } from "node:events";
import { vi } from "vitest";
import { WebSocket } from "ws";
import { WAIT } from "../../desktop/agent/tap/reader.ts";
import type { Closed } from "./client.ts";

/** A client of the websockproxy family, which knows only that one message is one frame. */
export class EthernetClient implements AsyncDisposable {
  /** Frames received and not taken yet. */
  readonly frames: Buffer[] = [];
  /** Received texts, which none of these clients expects. */
  readonly texts: string[] = [];
  readonly #socket: WebSocket;
  readonly #closed: Promise<Closed>;

  constructor(relay: string, token: string, path = "/v1/ethernet") {
    this.#socket = new WebSocket(`${relay.replace(/^http/, "ws")}${path}/${token}`);
    this.#socket.on("message", (data: Buffer, isBinary) => {
      if (isBinary) this.frames.push(data);
      else this.texts.push(data.toString());
    });
    this.#closed = once(this.#socket, "close").then(([code, reason]) => ({ code, reason: String(reason) }));
  }

  static async open(relay: string, token: string, path?: string): Promise<EthernetClient> {
    const client = new EthernetClient(relay, token, path);
    await once(client.#socket, "open");
    client.#socket.on("error", () => {});
    return client;
  }

  send(frame: Uint8Array): void {
    this.#socket.send(frame);
  }

  say(text: string): void {
    this.#socket.send(text);
  }

  /** Takes the next frame whose payload begins with `payload`, and drops earlier ones. */
  async frame(payload: string): Promise<Buffer> {
    let found: Buffer | undefined;
    await vi.waitUntil(() => {
      found =
        this.frames.splice(0).find((frame) => frame.subarray(14).toString().startsWith(payload)) ?? found;
      return found !== undefined;
    }, WAIT);
    if (found === undefined) throw new Error(`no frame '${payload}' came`);
    return found;
  }

  ended(): Promise<Closed> {
    return this.#closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.terminate();
    await this.#closed;
  }
}
