// Frames as bytes, written from RFC 6455 section 5.2 alone, with any fault that a test wants.
import { createHash } from "node:crypto";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { SUBPROTOCOL } from "./pair.ts";

export const CONTINUATION = 0;
export const TEXT = 1;
export const BINARY = 2;
export const CLOSE = 8;
export const PING = 9;
export const PONG = 10;

export interface RawFrame {
  readonly opcode: number;
  readonly payload?: string | Uint8Array;
  readonly final?: boolean;
  /** RSV1, 2 and 3: 4, 2 and 1. */
  readonly reserved?: number;
  /** The masking key; without one the frame is unmasked. */
  readonly key?: Uint8Array | undefined;
  /** Bytes of the length field, to override the shortest form. */
  readonly lengthBytes?: 1 | 2 | 8;
  /** Value of the length field, to override the payload's length. */
  readonly length?: bigint;
}

export const KEY = Uint8Array.of(0x37, 0xfa, 0x21, 0x3d);

export function rawFrame({
  opcode,
  payload = "",
  final = true,
  reserved = 0,
  key,
  ...claims
}: RawFrame): Buffer {
  const body = Buffer.from(payload);
  const length = claims.length ?? BigInt(body.length);
  const lengthBytes = claims.lengthBytes ?? (length < 126n ? 1 : length < 65_536n ? 2 : 8);
  const head = Buffer.alloc(1 + (lengthBytes === 1 ? 1 : 1 + lengthBytes));
  head.writeUInt8((final ? 0x80 : 0) | (reserved << 4) | opcode);
  const masked = key === undefined ? 0 : 0x80;
  if (lengthBytes === 1) head.writeUInt8(masked | Number(length), 1);
  else head.writeUInt8(masked | (lengthBytes === 2 ? 126 : 127), 1);
  if (lengthBytes === 2) head.writeUInt16BE(Number(length), 2);
  if (lengthBytes === 8) head.writeBigUInt64BE(length, 2);
  if (key === undefined) return Buffer.concat([head, body]);
  return Buffer.concat([head, key, body.map((byte, i) => byte ^ (key[i % 4] as number))]);
}

/** A close frame's payload. */
export function closing(code: number, reason: string | Uint8Array = ""): Buffer {
  const head = Buffer.alloc(2);
  head.writeUInt16BE(code);
  return Buffer.concat([head, Buffer.from(reason)]);
}

/** One end of a connection at which a test sends bytes. */
export class RawPeer implements AsyncDisposable {
  readonly socket: Socket;
  /** The role of this end: a client's frames are masked. */
  readonly #client: boolean;
  readonly #close: () => Promise<unknown>;
  #read = Buffer.alloc(0);
  #over = false;
  #wake = Promise.withResolvers<void>();

  private constructor(socket: Socket, client: boolean, close: () => Promise<unknown>) {
    this.socket = socket;
    this.#client = client;
    this.#close = close;
    socket.on("data", (data) => {
      this.#read = Buffer.concat([this.#read, data]);
      this.#notify();
    });
    const over = () => {
      this.#over = true;
      this.#notify();
    };
    socket.on("error", over);
    socket.on("end", over);
    socket.on("close", over);
  }

  /** A client of the server at `port`; `first` goes out in one piece with the handshake. */
  static async toServer(port: number, first: Uint8Array = Buffer.alloc(0)): Promise<RawPeer> {
    const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    const peer = new RawPeer(socket, true, async () => socket.destroy());
    const head = upgradeRequest({ "sec-websocket-protocol": SUBPROTOCOL });
    socket.write(Buffer.concat([Buffer.from(head), first]));
    const answer = await peer.head();
    if (!answer.startsWith("HTTP/1.1 101 ")) throw new Error(`not upgraded: ${answer}`);
    return peer;
  }

  /** A server for one client, which `dialled` creates; `first` goes out in one piece with the handshake. */
  static async toClient(
    dialled: (url: URL) => Promise<unknown>,
    first: Uint8Array = Buffer.alloc(0),
  ): Promise<RawPeer> {
    const server = createServer({ allowHalfOpen: true });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const connected = new Promise<Socket>((resolve) => server.once("connection", resolve));
    const opened = dialled(new URL(`ws://127.0.0.1:${(server.address() as AddressInfo).port}/`));
    const socket = await connected;
    const peer = new RawPeer(socket, false, async () => {
      socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    });
    const key = /^sec-websocket-key: (.*)\r$/im.exec(await peer.head())?.[1] ?? "";
    const accept = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
    const answer = [
      "HTTP/1.1 101 Switching Protocols",
      "connection: Upgrade",
      "upgrade: websocket",
      `sec-websocket-accept: ${accept}`,
      `sec-websocket-protocol: ${SUBPROTOCOL}`,
    ];
    socket.write(Buffer.concat([Buffer.from(`${answer.join("\r\n")}\r\n\r\n`), first]));
    await opened;
    return peer;
  }

  /** Sends frames in one piece, masked by default if this is a client. */
  send(...frames: RawFrame[]): void {
    this.socket.write(this.bytes(...frames));
  }

  bytes(...frames: RawFrame[]): Buffer {
    return Buffer.concat(
      frames.map((frame) => rawFrame({ ...(this.#client ? { key: KEY } : {}), ...frame })),
    );
  }

  /** The head of an HTTP message, up to the empty line. */
  async head(): Promise<string> {
    return await this.#take(() => {
      const end = this.#read.indexOf("\r\n\r\n");
      return end < 0 ? undefined : this.#cut(end + 4).toString();
    });
  }

  /** The next frame, unmasked. */
  async frame(): Promise<{ opcode: number; payload: Buffer; key: Buffer | undefined }> {
    return await this.#take(() => {
      const read = this.#read;
      if (read.length < 2) return undefined;
      const short = read.readUInt8(1) & 0x7f;
      const extended = short === 126 ? 2 : short === 127 ? 8 : 0;
      const masked = read.readUInt8(1) >= 0x80;
      const head = 2 + extended + (masked ? 4 : 0);
      if (read.length < head) return undefined;
      const length =
        extended === 0 ? short : extended === 2 ? read.readUInt16BE(2) : Number(read.readBigUInt64BE(2));
      if (read.length < head + length) return undefined;
      const frame = this.#cut(head + length);
      const key = masked ? frame.subarray(head - 4, head) : undefined;
      const payload = frame.subarray(head).map((byte, i) => byte ^ (key?.[i % 4] ?? 0));
      return { opcode: frame.readUInt8(0) & 0x0f, payload: Buffer.from(payload), key };
    });
  }

  /** The code of the next close frame, after any other frames; 1005 if it has none. */
  async closeCode(): Promise<number> {
    for (;;) {
      const { opcode, payload } = await this.frame();
      if (opcode === CLOSE) return payload.length < 2 ? 1_005 : payload.readUInt16BE();
    }
  }

  /** Waits until the other end has hung up. */
  async hungUp(): Promise<void> {
    while (!this.#over) await this.#wake.promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
  }

  #cut(length: number): Buffer {
    const cut = this.#read.subarray(0, length);
    this.#read = this.#read.subarray(length);
    return cut;
  }

  async #take<T>(look: () => T | undefined): Promise<T> {
    for (;;) {
      const found = look();
      if (found !== undefined) return found;
      if (this.#over) throw new Error(`the other end hung up, with '${this.#read.toString("hex")}' unread`);
      await this.#wake.promise;
    }
  }

  #notify(): void {
    this.#wake.resolve();
    this.#wake = Promise.withResolvers<void>();
  }
}

/** A valid upgrade, except for the given headers; undefined leaves one out. */
export function upgradeRequest(
  headers: Readonly<Record<string, string | undefined>>,
  method = "GET",
): string {
  const all: Record<string, string | undefined> = {
    host: "127.0.0.1",
    connection: "Upgrade",
    upgrade: "websocket",
    "sec-websocket-version": "13",
    "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
    ...headers,
  };
  const lines = Object.entries(all).filter(([, value]) => value !== undefined);
  return [`${method} / HTTP/1.1`, ...lines.map(([name, value]) => `${name}: ${value}`), "", ""].join("\r\n");
}
