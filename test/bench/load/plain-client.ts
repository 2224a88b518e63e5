import { randomBytes } from "node:crypto";
import { connect, type Socket } from "node:net";
import {
  KEEPALIVE_SECONDS,
  PROTOCOL_VERSION,
  SUBPROTOCOL,
  TUNNEL_PATH,
} from "../../../shared/protocol/constants.ts";
import {
  HEADER_BYTES,
  MASK_BYTES,
  MASKED,
  OPCODE_BINARY,
  OPCODE_PING,
  OPCODE_TEXT,
  writeHeader,
} from "../../../system/websocket/frame.ts";
import { mask } from "../../../system/websocket/mask.ts";
import { ServerMessages } from "./server-messages.ts";

export interface PlainClientOptions {
  readonly url: URL;
  readonly token: string;
  /** Called with all raw bytes read after the join, which are valid only until the call returns. */
  readonly received?: (bytes: Uint8Array) => void;
}

/** The fields of control messages that show the progress of a session. */
interface Control {
  readonly type: string;
  readonly networks?: readonly { readonly vni: number }[];
}

/** Shared by all clients, because they only inspect the bytes. */
const buffer = Buffer.allocUnsafeSlow(512 * 1024);

/**
 * A minimal client by docs/protocol.md over plain TCP. After its join it does next to nothing, so that the benchmark
 * measures the relay.
 */
export class PlainClient {
  /** Number of bytes read since the join, with all headers. */
  bytes = 0;
  readonly #socket: Socket;
  readonly #options: PlainClientOptions;
  readonly #joined = Promise.withResolvers<void>();
  readonly #messages = new ServerMessages();
  #upgraded = false;
  #open = false;
  #vni = 0;
  #drained: (() => void) | undefined;

  private constructor(options: PlainClientOptions) {
    const { url } = options;
    this.#options = options;
    const onread = {
      buffer,
      callback: (size: number) => {
        this.#read(size);
        return true;
      },
    };
    this.#socket = connect({ host: url.hostname, port: Number(url.port), noDelay: true, onread });
    this.#socket.on("connect", () => this.#socket.write(upgrade(url)));
    this.#socket.on("drain", () => this.#drained?.());
    this.#socket.on("error", (error) => this.#joined.reject(error));
    this.#socket.on("close", () => this.#joined.reject(new Error("the relay closed the connection")));
  }

  /** Resolves once it has joined the token's network. */
  static async open(options: PlainClientOptions): Promise<PlainClient> {
    const client = new PlainClient(options);
    await client.#joined.promise;
    client.#open = true;
    // The relay closes a silent session, even one that does not read.
    const ping = clientFrame(OPCODE_PING, new Uint8Array(0));
    setInterval(() => client.#socket.write(ping), KEEPALIVE_SECONDS * 1_000).unref();
    return client;
  }

  get vni(): number {
    return this.#vni;
  }

  /** @param frame from {@link clientFrame}; @returns false if it must wait, see {@link drained} */
  send(frame: Uint8Array): boolean {
    return this.#socket.write(frame);
  }

  /** Resolves when the socket accepts more. */
  drained(): Promise<void> {
    return new Promise((resolve) => {
      this.#drained = resolve;
    });
  }

  stopReading(): void {
    this.#socket.pause();
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(size: number): void {
    if (this.#open) {
      this.bytes += size;
      this.#options.received?.(buffer.subarray(0, size));
      return;
    }
    let read = buffer.subarray(0, size);
    if (!this.#upgraded) {
      // A relay sends nothing before its challenge, and that fits one read.
      const end = read.indexOf("\r\n\r\n");
      if (!read.toString("latin1").startsWith("HTTP/1.1 101 ") || end < 0) {
        this.#joined.reject(new Error(`the relay answered: ${read.toString("latin1").split("\r\n", 1)}`));
        return;
      }
      this.#upgraded = true;
      read = read.subarray(end + 4);
    }
    for (const { opcode, payload } of this.#messages.read(read)) {
      if (opcode === OPCODE_TEXT) this.#control(JSON.parse(payload.toString()) as Control);
    }
  }

  #control({ type, networks }: Control): void {
    if (type === "challenge") {
      this.#tell({
        type: "hello",
        version: PROTOCOL_VERSION,
        client: { name: "bench", software: "laneway-bench", os: "linux" },
        features: ["batch"],
        auth: { method: "token", token: this.#options.token },
      });
    } else if (type === "welcome") {
      this.#vni = networks?.[0]?.vni ?? 0;
      this.#tell({ type: "join", vni: this.#vni });
    } else if (type === "joined") {
      this.#joined.resolve();
    }
  }

  #tell(message: object): void {
    this.#socket.write(clientFrame(OPCODE_TEXT, Buffer.from(JSON.stringify(message))));
  }
}

/** Builds a client's WebSocket frame, masked with its own key. */
export function clientFrame(opcode: number, payload: Uint8Array): Uint8Array {
  const header = new Uint8Array(HEADER_BYTES);
  const size = writeHeader(header, opcode, MASKED, payload.length);
  const key = randomBytes(MASK_BYTES);
  const frame = new Uint8Array(size + MASK_BYTES + payload.length);
  frame.set(header.subarray(0, size));
  frame.set(key, size);
  mask(payload, key, frame, size + MASK_BYTES, payload.length);
  return frame;
}

/** Builds a client's binary message. */
export function clientMessage(records: Uint8Array): Uint8Array {
  return clientFrame(OPCODE_BINARY, records);
}

function upgrade({ host }: URL): string {
  const headers = {
    host,
    connection: "upgrade",
    upgrade: "websocket",
    "sec-websocket-version": 13,
    "sec-websocket-key": randomBytes(16).toString("base64"),
    "sec-websocket-protocol": SUBPROTOCOL,
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `GET ${TUNNEL_PATH} HTTP/1.1\r\n${lines.join("")}\r\n`;
}
