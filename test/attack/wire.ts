// A client of the relay at the level of bytes, for bystanders and attackers. Checks nothing that it sends.
import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { HEADER_BYTES, MASK_BYTES, MASKED, writeHeader } from "../../system/websocket/frame.ts";
import { ServerMessages } from "../bench/load/server-messages.ts";

export const TEXT = 1;
export const BINARY = 2;
export const PING = 9;

/** Milliseconds that an opening may take: a relay under attack is slow, which is no error. */
const OPEN_MS = 60_000;

export interface WireOptions {
  /** The relay's URL, `http(s)://…`. */
  readonly url: URL;
  /** The path instead of `/v1/tunnel`. */
  readonly path?: string;
  /** The loopback address of the client. */
  readonly from?: string;
  /** Additional lines of the upgrade, each with its line end. */
  readonly lines?: string;
}

export interface MemberOptions extends WireOptions {
  readonly token: string;
  readonly name: string;
  readonly features?: readonly string[];
  /** VNIs to join. */
  readonly join: readonly number[];
}

/** The fields of a control message that an opening needs. */
export interface Control {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** Connects to the relay, and accepts any certificate. */
export function dial(url: URL, from?: string): Socket {
  const to = {
    host: url.hostname,
    port: Number(url.port),
    ...(from === undefined ? {} : { localAddress: from }),
  };
  const socket =
    url.protocol === "https:"
      ? connectTls({ ...to, rejectUnauthorized: false }).setNoDelay(true)
      : connect({ ...to, noDelay: true });
  return socket.on("error", () => {});
}

/** Writes a client's WebSocket frame with a masking key of zero, which leaves the payload unchanged. */
export function clientFrame(opcode: number, payload: Uint8Array): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  const size = writeHeader(header, opcode, MASKED, payload.length) + MASK_BYTES;
  return Buffer.concat([header.subarray(0, size), payload]);
}

/** Writes a control message as a client's text frame. */
export function textFrame(message: object | string): Buffer {
  return clientFrame(TEXT, Buffer.from(typeof message === "string" ? message : JSON.stringify(message)));
}

/** A WebSocket after its upgrade. */
export class Wire {
  readonly socket: Socket;
  /** Called with the bytes of each read, which are valid until the next one. */
  received: (bytes: Uint8Array) => void = () => {};

  private constructor(socket: Socket) {
    this.socket = socket;
  }

  /**
   * Connects and upgrades.
   *
   * @param opened called once the socket exists, before it is connected
   * @throws Error if the relay refuses, closes, or takes too long
   */
  static async open(options: WireOptions, opened: (socket: Socket) => void = () => {}): Promise<Wire> {
    const { url, path = "/v1/tunnel", from, lines = "Sec-WebSocket-Protocol: laneway.v1\r\n" } = options;
    const socket = dial(url, from);
    opened(socket);
    const wire = new Wire(socket);
    socket.write(
      `GET ${path} HTTP/1.1\r\nHost: ${url.host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString("base64")}\r\n${lines}\r\n`,
    );
    return await new Promise((resolve, reject) => {
      let answer = Buffer.alloc(0);
      let isUpgraded = false;
      const timer = setTimeout(() => fail("the relay does not answer"), OPEN_MS);
      const fail = (why: string) => {
        clearTimeout(timer);
        socket.destroy();
        reject(new Error(why));
      };
      socket.once("close", () => fail("the relay closed the connection"));
      socket.on("data", (bytes) => {
        if (isUpgraded) return wire.received(bytes);
        answer = Buffer.concat([answer, bytes]);
        const end = answer.indexOf("\r\n\r\n");
        if (end < 0) return;
        if (!answer.toString("latin1", 0, 13).startsWith("HTTP/1.1 101 ")) {
          return fail(`refused: ${answer.toString("latin1", 9, 12)}`);
        }
        clearTimeout(timer);
        const rest = answer.subarray(end + 4);
        isUpgraded = true;
        resolve(wire);
        // The challenge may be in the same packet, and the caller sets `received` only after this turn.
        if (rest.length > 0) setImmediate(() => wire.received(rest));
      });
    });
  }

  /**
   * Opens a session of `laneway.v1` and joins.
   *
   * @param told called with every message from the welcome on, including frames
   * @throws Error as {@link open} does, and if the relay refuses something
   */
  static async member(
    options: MemberOptions,
    told: (opcode: number, payload: Buffer) => void = () => {},
    opened?: (socket: Socket) => void,
  ): Promise<Wire> {
    const { token, name, features = ["batch"], join } = options;
    const wire = await Wire.open(options, opened);
    const messages = new ServerMessages();
    const missing = new Set(join);
    let isOpening = true;
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => fail("the relay does not let in"), OPEN_MS);
      const fail = (why: string) => {
        clearTimeout(timer);
        wire.socket.destroy();
        reject(new Error(why));
      };
      wire.socket.once("close", () => fail("the relay closed the session"));
      const joined = (vni: unknown) => {
        missing.delete(Number(vni));
        if (missing.size > 0) return;
        clearTimeout(timer);
        isOpening = false;
        resolve();
      };
      const opening = (control: Control) => {
        if (control.type === "challenge") {
          const client = { name, software: "attack/0", os: "test" };
          const auth = { method: "token", token };
          wire.say({ type: "hello", version: 1, client, features, auth });
        } else if (control.type === "welcome") {
          for (const vni of join) wire.say({ type: "join", vni });
          if (join.length === 0) joined(0);
        } else if (control.type === "joined") joined(control["vni"]);
        else if (control.type === "error") fail(String(control["message"]));
      };
      wire.received = (bytes) => {
        for (const { opcode, payload } of messages.read(bytes)) {
          if (opcode === TEXT && isOpening) opening(JSON.parse(payload.toString()) as Control);
          told(opcode, payload);
        }
      };
    });
    return wire;
  }

  /** Whether the connection has ended. */
  get isClosed(): boolean {
    return this.socket.destroyed;
  }

  /** Number of bytes that wait to be sent. */
  get waiting(): number {
    return this.socket.writableLength;
  }

  say(message: object | string): void {
    this.socket.write(textFrame(message));
  }

  sendBinary(payload: Uint8Array): void {
    this.socket.write(clientFrame(BINARY, payload));
  }
}
