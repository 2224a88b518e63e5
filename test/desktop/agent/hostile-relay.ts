// A malicious relay: speaks laneway.v1 to the real client as far as it likes. Written from docs/protocol.md alone.
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { type WebSocket, WebSocketServer } from "ws";

/** A control message as the client sent it. */
export interface Said {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** The default `welcome`. */
export const WELCOME = {
  type: "welcome",
  session: "s",
  features: ["batch"],
  networks: [{ name: "lan", vni: 101, group: "239.0.0.101", mtu: 1_500 }],
  limits: { message_bytes: 262_144, frame_bytes: 65_550, macs: 64 },
  keepalive_seconds: 20,
};

/** One connection of a client. */
export class Victim {
  readonly said: Said[] = [];
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  readonly socket: WebSocket;

  constructor(socket: WebSocket) {
    this.socket = socket;
    this.closed = new Promise((resolve) => {
      socket.on("close", (code, reason) => resolve({ code, reason: reason.toString() }));
    });
    socket.on("error", () => {});
    socket.on("message", (data, isBinary) => {
      if (!isBinary) this.said.push(JSON.parse(data.toString()) as Said);
    });
  }

  say(message: unknown): void {
    this.socket.send(typeof message === "string" ? message : JSON.stringify(message));
  }

  /** Waits for a message of the client. */
  async hears(type: string, count = 1): Promise<Said> {
    for (;;) {
      const found = this.said.filter((one) => one.type === type)[count - 1];
      if (found !== undefined) return found;
      if (this.socket.readyState !== this.socket.OPEN) throw new Error(`closed without a ${type}`);
      await delay(5);
    }
  }

  /** Goes through the opening. */
  async greet(welcome: object = {}): Promise<void> {
    this.say({ type: "challenge", nonce: "nonce", relay: "http://elsewhere" });
    await this.hears("hello");
    this.say({ ...WELCOME, ...welcome });
    await this.hears("ping");
  }

  /** Waits until the client has read everything, or has closed. */
  async sync(): Promise<void> {
    const id = `sync-${Math.random()}`;
    this.say({ type: "ping", id });
    while (this.socket.readyState === this.socket.OPEN) {
      if (this.said.some((one) => one.type === "pong" && one["id"] === id)) return;
      await delay(5);
    }
  }
}

export class HostileRelay implements AsyncDisposable {
  readonly url: URL;
  readonly victims: Victim[] = [];
  readonly #server: Server;
  readonly #sockets: WebSocketServer;

  private constructor(server: Server, url: URL, treat: (victim: Victim) => Promise<void>) {
    this.#server = server;
    this.url = url;
    this.#sockets = new WebSocketServer({
      server,
      perMessageDeflate: false,
      handleProtocols: () => "laneway.v1",
    });
    this.#sockets.on("connection", (socket) => {
      const victim = new Victim(socket);
      this.victims.push(victim);
      // The client may leave at any moment.
      treat(victim).catch(() => {});
    });
  }

  /** @param treat how it treats each client */
  static async start(
    treat: (victim: Victim) => Promise<void>,
    host = "127.0.0.1",
    port = 0,
  ): Promise<HostileRelay> {
    const server = createServer((_request, response) => response.writeHead(404).end());
    server.listen(port, host);
    await once(server, "listening");
    const { port: bound } = server.address() as AddressInfo;
    return new HostileRelay(server, new URL(`http://${host}:${bound}`), treat);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { socket } of this.victims) socket.terminate();
    this.#sockets.close();
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }
}
