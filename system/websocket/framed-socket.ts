/**
 * A WebSocket (RFC 6455) on a socket whose handshake is done, framed by us: read into one static buffer, copied once
 * and unmasked on the way, written without a copy, or, where it has to be masked, with one into memory of a pool.
 */
import { randomFillSync } from "node:crypto";
import type { Socket } from "node:net";
import type { BlockPool } from "../../shared/tunnel/block-pool.ts";
import { TurnWriter } from "../turn-writer.ts";
import {
  HEADER_BYTES,
  headerLength,
  INVALID_TEXT,
  LOST,
  MASK_BYTES,
  MASKED,
  NO_CODE,
  OPCODE_BINARY,
  OPCODE_CLOSE,
  OPCODE_PING,
  OPCODE_PONG,
  OPCODE_TEXT,
  PROTOCOL_ERROR,
  writeHeader,
} from "./frame.ts";
import { FrameFault, FrameParser } from "./frame-parser.ts";
import { mask } from "./mask.ts";
import { CLOSE_MS, type MessageEvents, type MessageSocket } from "./message-socket.ts";
import { readInto } from "./static-read.ts";

const NOTHING = new Uint8Array(0);

export interface FramedSocketOptions {
  readonly socket: Socket;
  /** What came with the handshake already. */
  readonly head: Uint8Array;
  /** Which end this is: a server's frames are not masked, a client's are. */
  readonly side: "server" | "client";
  /** Bytes of a message at most; a longer one closes with 1009. */
  readonly maxBytes: number;
  /** What is read into; sockets may share it. */
  readonly buffer: Uint8Array;
  readonly pool: BlockPool;
}

export class FramedSocket implements MessageSocket {
  readonly #socket: Socket;
  readonly #out: TurnWriter;
  /** What came with the handshake, until it is read: it may lie in a buffer far greater. */
  #head: Uint8Array;
  readonly #client: boolean;
  readonly #buffer: Uint8Array;
  readonly #pool: BlockPool;
  readonly #parser: FrameParser;
  #events: MessageEvents | undefined;
  #buffered = 0;
  #state: "open" | "closing" | "closed" = "open";
  /** Whether the other side's close frame has come, and what it said. */
  #heard: { readonly code: number; readonly reason: string } | undefined;
  #ponging = false;
  #lastPing: Uint8Array | undefined;
  #cut: ReturnType<typeof setTimeout> | undefined;

  constructor({ socket, head, side, maxBytes, buffer, pool }: FramedSocketOptions) {
    this.#socket = socket;
    this.#out = new TurnWriter(socket);
    this.#head = head;
    this.#client = side === "client";
    this.#buffer = buffer;
    this.#pool = pool;
    this.#parser = new FrameParser({
      masked: side === "server",
      maxBytes,
      pool,
      events: {
        message: (opcode, payload, block) => this.#message(opcode, payload, block),
        control: (opcode, payload) => this.#control(opcode, payload),
      },
    });
    socket.setTimeout(0);
    socket.setNoDelay(true);
    // What goes wrong with the connection ends in `close`.
    socket.on("error", () => {});
    socket.on("close", () => this.#closed());
    socket.on("end", () => {
      this.#out.flush();
      socket.end();
    });
  }

  get bufferedAmount(): number {
    return this.#buffered;
  }

  listen(events: MessageEvents): void {
    this.#events = events;
    const head = this.#head;
    this.#head = NOTHING;
    if (head.length > 0) this.#read(head, head.length);
    readInto(this.#socket, this.#buffer, (bytes, end) => this.#read(bytes, end));
  }

  send(message: Uint8Array, sent?: () => void): void {
    this.#write(OPCODE_BINARY, message, sent);
  }

  sendText(text: string): void {
    this.#write(OPCODE_TEXT, Buffer.from(text));
  }

  ping(): void {
    this.#write(OPCODE_PING, NOTHING);
  }

  close(code: number, reason: string): void {
    if (this.#state !== "open") return;
    this.#sendClose(code, reason);
    this.#cut ??= setTimeout(() => this.terminate(), CLOSE_MS).unref();
  }

  terminate(): void {
    this.#parser.stop();
    this.#socket.destroy();
  }

  #read(bytes: Uint8Array, end: number): void {
    const fault = this.#parser.read(bytes, 0, end);
    if (fault !== undefined) this.#fail(fault);
  }

  /** The other side broke the rules: it is told, and no longer listened to (section 7.1.7). */
  #fail({ code, reason }: FrameFault): void {
    this.#parser.stop();
    this.#sendClose(code, reason);
    this.#end();
  }

  #message(opcode: number, payload: Uint8Array, block: Uint8Array): void {
    const events = this.#events;
    if (opcode === OPCODE_BINARY && events !== undefined) {
      events.binary(payload, () => this.#pool.give(block));
      return;
    }
    const text = decode(payload);
    this.#pool.give(block);
    if (text !== undefined) events?.text(text);
    else this.#fail(new FrameFault(INVALID_TEXT, "text is not UTF-8"));
  }

  #control(opcode: number, payload: Uint8Array): void {
    if (opcode === OPCODE_CLOSE) {
      this.#closeHeard(payload);
      return;
    }
    if (opcode === OPCODE_PING) this.#pong(payload);
    this.#events?.alive();
  }

  /** Answers a ping, or of several that come before the answer could leave, the last (section 5.5.3). */
  #pong(payload: Uint8Array): void {
    if (this.#ponging) {
      this.#lastPing = payload;
      return;
    }
    this.#ponging = true;
    this.#write(OPCODE_PONG, payload, () => {
      this.#ponging = false;
      const last = this.#lastPing;
      this.#lastPing = undefined;
      if (last !== undefined) this.#pong(last);
    });
  }

  #closeHeard(payload: Uint8Array): void {
    const said = closePayload(payload);
    this.#parser.stop();
    if (said instanceof FrameFault) {
      this.#sendClose(said.code, said.reason);
    } else {
      this.#heard = said;
      // Its own code is the answer (section 5.5.1), an empty one to an empty one.
      this.#sendClose(said.code, "");
    }
    this.#end();
  }

  #sendClose(code: number, reason: string): void {
    if (this.#state !== "open") return;
    const text = Buffer.from(code === NO_CODE ? "" : `..${reason}`);
    if (text.length > 0) text.writeUInt16BE(code);
    this.#write(OPCODE_CLOSE, text);
    this.#state = "closing";
  }

  /** Nothing more is to be said. The server goes first, so that the client's port is free at once (section 7.1.1). */
  #end(): void {
    this.#out.flush();
    if (!this.#client) this.#socket.end();
    this.#cut ??= setTimeout(() => this.terminate(), CLOSE_MS).unref();
  }

  #closed(): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#parser.stop();
    clearTimeout(this.#cut);
    const { code, reason } = this.#heard ?? { code: LOST, reason: "" };
    this.#events?.closed(code, reason);
  }

  #write(opcode: number, payload: Uint8Array, sent?: () => void): void {
    if (this.#state !== "open" || this.#socket.destroyed) {
      sent?.();
      return;
    }
    const size = payload.length;
    this.#buffered += size;
    if (this.#client) {
      this.#writeMasked(opcode, payload, sent);
      return;
    }
    const header = Buffer.allocUnsafe(headerLength(size));
    writeHeader(header, opcode, 0, size);
    const done = () => {
      this.#buffered -= size;
      sent?.();
    };
    if (size === 0) {
      this.#out.write(header, done);
      return;
    }
    this.#out.write(header);
    this.#out.write(payload, done);
  }

  #writeMasked(opcode: number, payload: Uint8Array, sent: (() => void) | undefined): void {
    const size = payload.length;
    const block = this.#pool.take(HEADER_BYTES + size);
    const key = writeHeader(block, opcode, MASKED, size);
    const start = key + MASK_BYTES;
    writeMask(block, key);
    mask(payload, block.subarray(key, start), block, start, size);
    this.#out.write(block.subarray(0, start + size), () => {
      this.#buffered -= size;
      this.#pool.give(block);
      sent?.();
    });
  }
}

/** Random bytes for masking keys, asked for many at a time. */
const RANDOM = Buffer.allocUnsafeSlow(8_192);
let randomUsed = RANDOM.length;

/** Puts a masking key nobody can foretell at `offset` (section 10.3). */
function writeMask(bytes: Uint8Array, offset: number): void {
  if (randomUsed === RANDOM.length) {
    randomFillSync(RANDOM);
    randomUsed = 0;
  }
  for (let i = 0; i < MASK_BYTES; i++) bytes[offset + i] = RANDOM[randomUsed++] as number;
}

const STRICT = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function decode(bytes: Uint8Array): string | undefined {
  try {
    return STRICT.decode(bytes);
  } catch {
    return undefined;
  }
}

/** What a close frame says (section 5.5.1), or why it may not (section 7.4). */
function closePayload(payload: Uint8Array): { code: number; reason: string } | FrameFault {
  if (payload.length === 0) return { code: NO_CODE, reason: "" };
  const code = payload.length === 1 ? NO_CODE : ((payload[0] as number) << 8) | (payload[1] as number);
  if (!maySay(code)) return new FrameFault(PROTOCOL_ERROR, "a close frame has no code that may be said");
  const reason = decode(payload.subarray(2));
  if (reason === undefined) return new FrameFault(INVALID_TEXT, "a close frame's reason is not UTF-8");
  return { code, reason };
}

function maySay(code: number): boolean {
  if (code >= 3_000) return code <= 4_999;
  return code >= 1_000 && code <= 1_014 && code !== 1_004 && code !== NO_CODE && code !== LOST;
}
