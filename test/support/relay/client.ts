/**
 * A client of `laneway.v1` for tests, written from docs/protocol.md alone: it shares no code with the tested one, so
 * that a mistake on both sides of the tunnel does not cancel out. It does not check what it sends, so that tests can
 * send malformed messages.
 */
import { Buffer } from "node:buffer";
import type { IncomingMessage } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { type ClientOptions, WebSocket } from "ws";

/** For events that are sure to come at an unknown time. */
const WAIT_MS = 30_000;

/** A control message as it came. */
export interface Control {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** One record of a binary message. */
export interface WireRecord {
  readonly type: number;
  /** The VXLAN header's first word: flags and 24 reserved bits. */
  readonly flags: number;
  readonly vni: number;
  /** The reserved byte behind the VNI. */
  readonly reserved: number;
  readonly frame: Buffer;
}

export interface Closed {
  readonly code: number;
  readonly reason: string;
}

export interface OpenOptions {
  /** In place of `/v1/tunnel`. */
  readonly path?: string;
  readonly subprotocols?: readonly string[];
  /** For `Authorization: Bearer`. */
  readonly bearer?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Offers permessage-deflate. */
  readonly deflate?: boolean;
  /** The local address of the connection. */
  readonly localAddress?: string;
  /** Accepts any certificate. */
  readonly insecure?: boolean;
}

/** One WebSocket to the relay: input waits here until a test takes it. */
export class TunnelClient implements AsyncDisposable {
  /** The relay's answer to the upgrade. */
  readonly upgrade: IncomingMessage;
  readonly closed: Promise<Closed>;
  readonly #socket: WebSocket;
  readonly #controls: Control[] = [];
  readonly #messages: Buffer[] = [];
  readonly #records: WireRecord[] = [];
  readonly #hubFrames: Buffer[] = [];
  #receivedBytes = 0;
  #longestText = 0;
  #wake = Promise.withResolvers<void>();
  #end: Closed | undefined;

  private constructor(socket: WebSocket, upgrade: IncomingMessage) {
    this.#socket = socket;
    this.upgrade = upgrade;
    socket.on("message", (data, isBinary) => {
      if (isBinary) this.#binary(data as Buffer);
      else this.#text(data as Buffer);
      this.#notify();
    });
    this.closed = new Promise((resolve) => {
      socket.on("close", (code, reason) => {
        this.#end = { code, reason: reason.toString() };
        resolve(this.#end);
        this.#notify();
      });
    });
    // A reset connection: `close` follows and reports it.
    socket.on("error", () => {});
  }

  /** Bytes of the longest control message that came. */
  get longestText(): number {
    return this.#longestText;
  }

  #text(data: Buffer): void {
    this.#longestText = Math.max(this.#longestText, data.length);
    this.#controls.push(JSON.parse(data.toString()) as Control);
  }

  /**
   * Connects to the relay at `url` (`http(s)://…`) without sending anything.
   *
   * @throws Error `Unexpected server response: <status>` if the relay does not upgrade
   */
  static async open(url: string, options: OpenOptions = {}): Promise<TunnelClient> {
    const target = new URL(url);
    target.protocol = target.protocol.replace("http", "ws");
    target.pathname = options.path ?? "/v1/tunnel";
    const settings: ClientOptions = {
      perMessageDeflate: options.deflate ?? false,
      headers: {
        ...options.headers,
        ...(options.bearer === undefined ? {} : { authorization: `Bearer ${options.bearer}` }),
      },
      ...(options.localAddress === undefined ? {} : { localAddress: options.localAddress }),
      rejectUnauthorized: options.insecure !== true,
      handshakeTimeout: WAIT_MS,
    };
    const socket = new WebSocket(target, [...(options.subprotocols ?? ["laneway.v1"])], settings);
    // Listens before anything can come in: the challenge may be in the packet that answers the upgrade.
    return await new Promise<TunnelClient>((resolve, reject) => {
      let client: TunnelClient | undefined;
      socket.once("upgrade", (response) => {
        client = new TunnelClient(socket, response);
      });
      socket.once("open", () => {
        if (client !== undefined) resolve(client);
      });
      socket.once("error", reject);
    });
  }

  /** Connects and goes through the opening with a token. */
  static async welcomed(
    url: string,
    token: string,
    { features = ["batch"], name, ...options }: OpenOptions & { features?: string[]; name?: string } = {},
  ): Promise<TunnelClient> {
    const client = await TunnelClient.open(url, options);
    try {
      await client.control("challenge");
      client.say(hello({ token, features, ...(name === undefined ? {} : { name }) }));
      await client.control("welcome");
      return client;
    } catch (error) {
      await client[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Connects, and joins a VNI with the feature `batch`. */
  static async joined(
    url: string,
    token: string,
    vni: number,
    options: OpenOptions & { features?: string[]; name?: string } = {},
  ): Promise<TunnelClient> {
    const client = await TunnelClient.welcomed(url, token, options);
    await client.join(vni);
    return client;
  }

  /** The received close, if any. */
  get end(): Closed | undefined {
    return this.#end;
  }

  /** Bytes of binary messages received so far. */
  get receivedBytes(): number {
    return this.#receivedBytes;
  }

  /** Sends a control message. */
  say(message: object): void {
    this.#socket.send(JSON.stringify(message));
  }

  /** Sends a text message unchanged. */
  sayRaw(text: string): void {
    this.#socket.send(text);
  }

  /** Sends a WebSocket ping, which is below the protocol's own (RFC 6455 section 5.5.2). */
  poke(payload: Uint8Array): void {
    this.#socket.ping(payload);
  }

  /** Sends one binary message of these parts; resolves when the system has taken or refused it. */
  send(...parts: Uint8Array[]): Promise<void> {
    return new Promise((resolve) => {
      this.#socket.send(Buffer.concat(parts), { binary: true }, () => resolve());
    });
  }

  /** Sends one binary message in WebSocket fragments (RFC 6455 section 5.4). */
  sendFragmented(...fragments: Uint8Array[]): void {
    fragments.forEach((fragment, i) => {
      this.#socket.send(fragment, { binary: true, fin: i === fragments.length - 1 });
    });
  }

  /** Joins a VNI; resolves to the answer. */
  async join(vni: number): Promise<Control> {
    this.say({ type: "join", vni });
    return await this.control("joined", (message) => message["vni"] === vni);
  }

  /** Waits until the relay has answered everything sent before this. */
  async sync(): Promise<void> {
    const id = nextPing++;
    this.say({ type: "ping", id });
    await this.control("pong", (message) => message["id"] === id);
  }

  /** Takes the next control message of that type, and waits for it. */
  async control(type: string, matches: (message: Control) => boolean = () => true): Promise<Control> {
    return await this.#wait(`a control message '${type}'`, () => {
      const at = this.#controls.findIndex((message) => message.type === type && matches(message));
      return at < 0 ? undefined : this.#controls.splice(at, 1)[0];
    });
  }

  /** Takes the next record, and waits for it. Skips the hub's own frames, see {@link hubFrame}. */
  async record(): Promise<WireRecord> {
    return await this.#wait("a record", () => this.#records.shift());
  }

  /** Takes the next frame, and waits for it. */
  async frame(): Promise<Buffer> {
    return (await this.record()).frame;
  }

  /** Takes all waiting records. */
  takeRecords(): WireRecord[] {
    return this.#records.splice(0);
  }

  /** Takes the next frame of the hub itself, such as a query, which the other methods skip. */
  async hubFrame(): Promise<Buffer> {
    return await this.#wait("a frame of the hub's", () => this.#hubFrames.shift());
  }

  /** Takes all waiting frames of the hub itself. */
  takeHubFrames(): Buffer[] {
    return this.#hubFrames.splice(0);
  }

  /** Returns all binary messages since the last call, except those with only frames of the hub itself. */
  takeMessages(): Buffer[] {
    return this.#messages.splice(0);
  }

  /** Takes all waiting control messages. */
  takeControls(): Control[] {
    return this.#controls.splice(0);
  }

  /** Stops reading from the network, like a client that hangs; {@link resume} continues. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Closes normally and waits until that is done. */
  async close(code = 1000): Promise<Closed> {
    this.#socket.close(code);
    return await this.ended();
  }

  /** Cuts the connection, as if the machine had lost power. */
  cut(): void {
    this.#socket.terminate();
  }

  /** Waits for the close. */
  async ended(): Promise<Closed> {
    return await this.#wait("the close", () => this.#end);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.resume();
    this.#socket.terminate();
    await this.closed;
  }

  #binary(message: Buffer): void {
    this.#receivedBytes += message.length;
    const records = parseMessage(message);
    const others = records.filter(({ frame }) => !isOfHub(frame));
    if (others.length > 0) this.#messages.push(message);
    this.#records.push(...others);
    for (const { frame } of records) if (isOfHub(frame)) this.#hubFrames.push(frame);
  }

  #notify(): void {
    this.#wake.resolve();
    this.#wake = Promise.withResolvers<void>();
  }

  async #wait<T>(what: string, take: () => T | undefined): Promise<T> {
    const timeout = new AbortController();
    const expired = delay(WAIT_MS, true, { signal: timeout.signal, ref: false }).catch(() => false);
    try {
      for (;;) {
        const taken = take();
        if (taken !== undefined) return taken;
        if (this.#end !== undefined) {
          throw new Error(`closed with ${this.#end.code} '${this.#end.reason}' instead of ${what}`);
        }
        if ((await Promise.race([this.#wake.promise, expired])) === true) {
          throw new Error(`waited in vain for ${what}; there are ${JSON.stringify(this.#controls)}`);
        }
      }
    } finally {
      timeout.abort();
    }
  }
}

let nextPing = 1;

/** Returns a `hello` of version 1; given fields replace or extend its own. */
export function hello({
  token,
  features = ["batch"],
  name = "test",
  ...more
}: {
  token?: string;
  features?: string[];
  name?: string;
  [field: string]: unknown;
} = {}): object {
  return {
    type: "hello",
    version: 1,
    client: { name, software: "test/0", os: "test" },
    features,
    ...(token === undefined ? {} : { auth: { method: "token", token } }),
    ...more,
  };
}

/** Returns a record of any type around any bytes, with any claimed length. */
export function rawRecord(type: number, body: Uint8Array, length = body.length): Buffer {
  const header = Buffer.alloc(4);
  header.writeUInt32BE(type * 2 ** 24 + length);
  return Buffer.concat([header, body]);
}

/** Returns a VXLAN header; reserved bits are 0 by default. */
export function vxlan(vni: number, { flags = 0x0800_0000, reserved = 0 } = {}): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt32BE(flags);
  header.writeUInt32BE(vni * 2 ** 8 + reserved, 4);
  return header;
}

/** Returns a record of type 1. */
export function packet(vni: number, frame: Uint8Array): Buffer {
  return rawRecord(1, Buffer.concat([vxlan(vni), frame]));
}

/** Returns an Ethernet frame of the experimental EtherType, padded to 60 bytes. */
export function ethernet(destination: string, source: string, payload: string | Uint8Array = ""): Buffer {
  const head = Buffer.concat([
    mac(destination),
    mac(source),
    Buffer.from([0x88, 0xb5]),
    typeof payload === "string" ? Buffer.from(payload) : payload,
  ]);
  return head.length >= 60 ? head : Buffer.concat([head], 60);
}

/** Returns the text given to {@link ethernet}. */
export function payloadOf(frame: Buffer): string {
  return frame.subarray(14).toString().replace(/\0+$/, "");
}

/** Returns the locally administered unicast address with that number. */
export function station(number: number): string {
  const tail = Buffer.alloc(5);
  tail.writeUIntBE(number, 0, 5);
  return ["02", ...(tail.toString("hex").match(/../g) ?? [])].join(":");
}

export const BROADCAST = "ff:ff:ff:ff:ff:ff";

/** Returns whether the hub itself sent the frame: 02:4c:4e and the VNI. */
function isOfHub(frame: Buffer): boolean {
  return frame.readUIntBE(6, 3) === 0x02_4c_4e;
}

function mac(text: string): Buffer {
  return Buffer.from(text.replaceAll(":", ""), "hex");
}

/**
 * Parses a binary message, which must match the protocol to the byte.
 *
 * @throws Error if it does not
 */
export function parseMessage(message: Buffer): WireRecord[] {
  const records: WireRecord[] = [];
  let at = 0;
  do {
    if (message.length - at < 4) throw new Error(`${message.length - at} bytes are no record`);
    const type = message.readUInt8(at);
    const length = message.readUIntBE(at + 1, 3);
    const end = at + 4 + length;
    if (end > message.length) throw new Error(`a record of ${length} bytes runs past the end`);
    if (length < 22) throw new Error(`a record of ${length} bytes holds no frame`);
    records.push({
      type,
      flags: message.readUInt32BE(at + 4),
      vni: message.readUIntBE(at + 8, 3),
      reserved: message.readUInt8(at + 11),
      frame: message.subarray(at + 12, end),
    });
    at = end;
  } while (at < message.length);
  return records;
}
