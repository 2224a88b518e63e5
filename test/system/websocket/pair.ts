// Two ends of a WebSocket over a real connection, each with the implementation that a test asks for.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import type { Block } from "../../../shared/tunnel/block.ts";
import { type Accepted, accepting } from "../../../system/websocket/accept.ts";
import { type ConnectOptions, connect } from "../../../system/websocket/connect.ts";
import type { Framing } from "../../../system/websocket/framing.ts";
import type { MessageEvents, MessageSocket } from "../../../system/websocket/message-socket.ts";
import { sendBytes } from "../../shared/tunnel/blocks.ts";
import { makeCertificate } from "../../support/relay/certificate.ts";

export const SUBPROTOCOL = "test.v1";
export const MAX_BYTES = 256 * 1024;

export interface Tls {
  readonly cert: string;
  readonly key: string;
}

/** A certificate for 127.0.0.1, trusted by this process from now on. */
export function trustedCertificate(): Tls {
  const directory = mkdtempSync(join(tmpdir(), "laneway-websocket-"));
  try {
    const files = makeCertificate(directory);
    const tls = { cert: readFileSync(files.cert, "utf8"), key: readFileSync(files.key, "utf8") };
    setDefaultCACertificates([...getCACertificates("default"), tls.cert]);
    return tls;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** One end, which keeps incoming messages until a test reads them. */
export class End implements MessageEvents {
  readonly socket: MessageSocket;
  readonly messages: (string | Buffer)[] = [];
  /** Keeps binary messages that match, unread, in {@link kept}; others are read and released at once. */
  keep: (message: Uint8Array) => boolean = () => false;
  readonly kept: { readonly message: Uint8Array; readonly release: () => void }[] = [];
  alives = 0;
  /** The closes reported for this end; there should be one. */
  readonly ends: { readonly code: number; readonly reason: string }[] = [];
  #wake = Promise.withResolvers<void>();

  constructor(socket: MessageSocket) {
    this.socket = socket;
  }

  text(message: string): void {
    this.messages.push(message);
    this.#notify();
  }

  /** Sends a whole buffer. */
  send(bytes: Uint8Array, sent?: () => void): void {
    sendBytes(this.socket, bytes, sent);
  }

  binary(block: Block, size: number): void {
    const message = block.bytes.subarray(0, size);
    if (this.keep(message)) {
      this.kept.push({ message, release: () => block.release() });
    } else {
      this.messages.push(Buffer.from(message));
      block.release();
    }
    this.#notify();
  }

  alive(): void {
    this.alives++;
    this.#notify();
  }

  closed(code: number, reason: string): void {
    this.ends.push({ code, reason });
    this.#notify();
  }

  /** Waits for an event that is certain to come; the test's own time limit bounds it. */
  async until(condition: (end: End) => boolean): Promise<void> {
    while (!condition(this)) await this.#wake.promise;
  }

  /** Waits for `count` messages in all. */
  async heard(count: number): Promise<readonly (string | Buffer)[]> {
    await this.until(({ messages, ends }) => messages.length >= count || ends.length > 0);
    return this.messages;
  }

  async ended(): Promise<{ readonly code: number; readonly reason: string } | undefined> {
    await this.until(({ ends }) => ends.length > 0);
    return this.ends[0];
  }

  #notify(): void {
    this.#wake.resolve();
    this.#wake = Promise.withResolvers<void>();
  }
}

export interface ListenOptions {
  readonly framing: Framing;
  readonly tls?: Tls | undefined;
  readonly maxBytes?: number;
  /** Called with each end before any message arrives. */
  readonly opened?: (end: End) => void;
}

/** A server of WebSockets on 127.0.0.1. */
export class Listener implements AsyncDisposable {
  readonly url: URL;
  readonly port: number;
  /** Accepted ends, in order. */
  readonly accepted: { readonly end: End; readonly subprotocol: boolean; readonly socket: Socket }[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #wake = Promise.withResolvers<void>();

  private constructor(server: Server, { framing, tls, maxBytes = MAX_BYTES, opened }: ListenOptions) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
    this.url = new URL(`${tls === undefined ? "ws" : "wss"}://127.0.0.1:${this.port}/`);
    const accept = accepting({ maxBytes, subprotocol: SUBPROTOCOL, framing });
    server.on("connection", (socket: Socket) => void this.#sockets.add(socket));
    server.on("upgrade", (request, socket: Socket, head) => {
      accept(request, socket, head, ({ socket: message, subprotocol }: Accepted) => {
        const end = new End(message);
        opened?.(end);
        message.listen(end);
        this.accepted.push({ end, subprotocol, socket });
        this.#wake.resolve();
        this.#wake = Promise.withResolvers<void>();
      });
    });
  }

  static async start(options: ListenOptions): Promise<Listener> {
    const { tls } = options;
    const server = tls === undefined ? createServer() : createTlsServer({ ...tls });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new Listener(server, options);
  }

  /** The first accepted end, once there is one. */
  async first(): Promise<Listener["accepted"][number]> {
    for (;;) {
      const first = this.accepted[0];
      if (first !== undefined) return first;
      await this.#wake.promise;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/**
 * Opens a WebSocket to `url`.
 *
 * @param opened called with its end before any message arrives
 */
export async function dial(
  url: URL,
  framing: Framing,
  options: Partial<Omit<ConnectOptions, "opened">> & { readonly opened?: (end: End) => void } = {},
): Promise<End> {
  const { opened, ...rest } = options;
  let end: End | undefined;
  await connect(url, {
    subprotocol: SUBPROTOCOL,
    maxBytes: MAX_BYTES,
    timeoutMs: 30_000,
    framing,
    signal: new AbortController().signal,
    ...rest,
    opened: (socket) => {
      end = new End(socket);
      opened?.(end);
      return end;
    },
  });
  if (end === undefined) throw new Error("connect() resolved before it told of the socket");
  return end;
}

export interface Pairing {
  readonly server: Framing;
  readonly client: Framing;
  readonly tls?: () => Tls;
}

export class Pair implements AsyncDisposable {
  readonly server: End;
  readonly client: End;
  /** The socket below the server's end, to hold up its reader, for which the interface has no way. */
  readonly serverSocket: Socket;
  readonly #listener: Listener;

  private constructor(listener: Listener, server: End, client: End, serverSocket: Socket) {
    this.#listener = listener;
    this.server = server;
    this.client = client;
    this.serverSocket = serverSocket;
  }

  static async open(
    { server, client, tls }: Pairing,
    opened: { readonly server?: (end: End) => void; readonly client?: (end: End) => void } = {},
  ): Promise<Pair> {
    const listener = await Listener.start({
      framing: server,
      tls: tls?.(),
      ...(opened.server === undefined ? {} : { opened: opened.server }),
    });
    const end = await dial(
      listener.url,
      client,
      opened.client === undefined ? {} : { opened: opened.client },
    );
    const first = await listener.first();
    return new Pair(listener, first.end, end, first.socket);
  }

  /** Either direction by name: sender, receiver. */
  get directions(): readonly (readonly [sender: End, receiver: End])[] {
    return [
      [this.client, this.server],
      [this.server, this.client],
    ];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.client.socket.terminate();
    this.server.socket.terminate();
    await this.#listener[Symbol.asyncDispose]();
  }
}
