/**
 * A WebSocket (RFC 6455) on a socket whose handshake is done, framed by this project. It reads into one static buffer,
 * copies once and unmasks on the way. It writes without a copy, or with one into memory of a pool if frames must be
 * masked.
 */
import { randomFillSync } from "node:crypto";
import type { Socket } from "node:net";
import type { Block } from "../../shared/tunnel/block.ts";
import type { BlockPool } from "../../shared/tunnel/block-pool.ts";
import type { QueueBudget } from "../../shared/tunnel/queue-budget.ts";
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
  TRY_AGAIN_LATER,
  writeHeader,
} from "./frame.ts";
import { FrameFault, FrameParser } from "./frame-parser.ts";
import { mask } from "./mask.ts";
import { CLOSE_MS, type MessageEvents, type MessageSocket } from "./message-socket.ts";
import { type Reading, readInto } from "./static-read.ts";

const NOTHING = new Uint8Array(0);

export interface FramedSocketOptions {
  readonly socket: Socket;
  /** Bytes that arrived with the handshake. */
  readonly head: Uint8Array;
  /** The role of this end: a client masks its frames, a server does not. */
  readonly side: "server" | "client";
  /** Maximum size of a message in bytes, until {@link FramedSocket.allow} is called. */
  readonly maxBytes: number;
  /** The close code for a longer message; 1009 by default. */
  readonly tooBig?: number | undefined;
  /** The buffer to read into; sockets may share it. */
  readonly buffer: Uint8Array;
  readonly pool: BlockPool;
}

export class FramedSocket implements MessageSocket {
  readonly #socket: Socket;
  readonly #out: TurnWriter;
  /** Bytes that arrived with the handshake, until they are read: they may lie in a much larger buffer. */
  #head: Uint8Array;
  readonly #client: boolean;
  readonly #buffer: Uint8Array;
  readonly #pool: BlockPool;
  readonly #parser: FrameParser;
  #events: MessageEvents | undefined;
  #buffered = 0;
  /** Bytes of memory held by buffered output. */
  #held = 0;
  /** Bytes of the incomplete message that are counted in the budget. */
  #unread = 0;
  #budget: QueueBudget | undefined;
  #reading: Reading | undefined;
  #state: "open" | "closing" | "closed" = "open";
  /** The other side's close frame, once it has arrived. */
  #heard: { readonly code: number; readonly reason: string } | undefined;
  #ponging = false;
  #lastPing: Uint8Array | undefined;
  #cut: ReturnType<typeof setTimeout> | undefined;

  constructor({ socket, head, side, maxBytes, tooBig, buffer, pool }: FramedSocketOptions) {
    this.#socket = socket;
    this.#out = new TurnWriter(socket);
    this.#head = head;
    this.#client = side === "client";
    this.#buffer = buffer;
    this.#pool = pool;
    this.#parser = new FrameParser({
      masked: side === "server",
      maxBytes,
      tooBig,
      pool,
      events: {
        message: (opcode, block, size) => this.#message(opcode, block, size),
        control: (opcode, payload) => this.#control(opcode, payload),
      },
    });
    socket.setTimeout(0);
    socket.setNoDelay(true);
    // Errors of the connection lead to `close`.
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

  get isOpen(): boolean {
    return this.#state === "open" && !this.#socket.destroyed;
  }

  listen(events: MessageEvents): void {
    this.#events = events;
    const head = this.#head;
    this.#head = NOTHING;
    if (head.length > 0) this.#read(head, head.length);
    this.#reading = readInto(this.#socket, this.#buffer, (bytes, end) => this.#read(bytes, end));
  }

  send(block: Block, start: number, end: number, sent?: () => void): void {
    const { bytes } = block;
    const message = start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end);
    const done = () => {
      block.release();
      sent?.();
    };
    this.#write(OPCODE_BINARY, message, done, block.weight);
  }

  sendText(text: string): void {
    this.#write(OPCODE_TEXT, Buffer.from(text));
  }

  sendEncoded(block: Block, start: number, end: number): void {
    this.#write(OPCODE_TEXT, block.bytes.subarray(start, end), () => block.release());
  }

  pause(): void {
    this.#reading?.pause();
  }

  resume(): void {
    this.#reading?.resume();
  }

  accountTo(budget: QueueBudget): void {
    this.#budget?.add(-this.#held - this.#unread);
    this.#budget = budget;
    budget.add(this.#held + this.#unread);
  }

  ping(): void {
    this.#write(OPCODE_PING, NOTHING);
  }

  close(code: number, reason: string): void {
    if (this.#state !== "open") return;
    this.#sendClose(code, reason);
    this.#cut ??= setTimeout(() => this.terminate(), CLOSE_MS).unref();
  }

  allow(maxBytes: number): void {
    this.#parser.allow(maxBytes);
  }

  terminate(): void {
    this.#parser.stop();
    this.#socket.destroy();
  }

  #read(bytes: Uint8Array, end: number): void {
    const fault = this.#parser.read(bytes, 0, end);
    if (fault !== undefined) return this.#fail(fault);
    const unread = this.#parser.unreadBytes;
    if (unread === this.#unread) return;
    this.#budget?.add(unread - this.#unread);
    this.#unread = unread;
    if (unread > 0 && this.#budget?.share === 0)
      this.#fail(new FrameFault(TRY_AGAIN_LATER, "no memory for a message"));
  }

  /** Closes because the other side broke the rules, and stops reading (section 7.1.7). */
  #fail({ code, reason }: FrameFault): void {
    this.#parser.stop();
    this.#sendClose(code, reason);
    this.#end();
  }

  #message(opcode: number, block: Block, size: number): void {
    const events = this.#events;
    if (opcode === OPCODE_BINARY && events !== undefined) {
      events.binary(block, size);
      return;
    }
    const text = decode(block.bytes.subarray(0, size));
    block.release();
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

  /** Answers a ping. Of several that arrive before the answer can leave, answers the last (section 5.5.3). */
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
      // Answers with its own code (section 5.5.1), and an empty frame with an empty frame.
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

  /** Ends the connection. The server ends first, so that the client's port is free at once (section 7.1.1). */
  #end(): void {
    this.#out.flush();
    if (!this.#client) this.#socket.end();
    this.#cut ??= setTimeout(() => this.terminate(), CLOSE_MS).unref();
  }

  #closed(): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#parser.stop();
    this.#budget?.add(-this.#unread);
    this.#unread = 0;
    clearTimeout(this.#cut);
    const { code, reason } = this.#heard ?? { code: LOST, reason: "" };
    this.#events?.closed(code, reason);
  }

  /**
   * Writes a frame.
   *
   * @param weight bytes of memory that the payload holds until it is sent
   */
  #write(opcode: number, payload: Uint8Array, sent?: () => void, weight = payload.length): void {
    if (!this.isOpen) {
      sent?.();
      return;
    }
    const size = payload.length;
    this.#count(size, weight);
    if (this.#client) {
      this.#writeMasked(opcode, payload, sent, weight);
      return;
    }
    const header = Buffer.allocUnsafe(headerLength(size));
    writeHeader(header, opcode, 0, size);
    const done = () => {
      this.#count(-size, -weight);
      sent?.();
    };
    if (size === 0) {
      this.#out.write(header, done);
      return;
    }
    this.#out.write(header);
    this.#out.write(payload, done);
  }

  #count(bytes: number, weight: number): void {
    this.#buffered += bytes;
    this.#held += weight;
    this.#budget?.add(weight);
  }

  #writeMasked(opcode: number, payload: Uint8Array, sent: (() => void) | undefined, weight: number): void {
    const size = payload.length;
    const block = this.#pool.take(HEADER_BYTES + size);
    const { bytes } = block;
    const key = writeHeader(bytes, opcode, MASKED, size);
    const start = key + MASK_BYTES;
    writeMask(bytes, key);
    mask(payload, bytes.subarray(key, start), bytes, start, size);
    this.#out.write(bytes.subarray(0, start + size), () => {
      this.#count(-size, -weight);
      block.release();
      sent?.();
    });
  }
}

/** Random bytes for masking keys, generated many at a time. */
const RANDOM = Buffer.allocUnsafeSlow(8_192);
let randomUsed = RANDOM.length;

/** Writes an unpredictable masking key at `offset` (section 10.3). */
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

/** Returns the content of a close frame (section 5.5.1), or the fault in it (section 7.4). */
function closePayload(payload: Uint8Array): { code: number; reason: string } | FrameFault {
  if (payload.length === 0) return { code: NO_CODE, reason: "" };
  const code = payload.length === 1 ? NO_CODE : ((payload[0] as number) << 8) | (payload[1] as number);
  if (!maySay(code)) return new FrameFault(PROTOCOL_ERROR, "a close frame has a code that may not be sent");
  const reason = decode(payload.subarray(2));
  if (reason === undefined) return new FrameFault(INVALID_TEXT, "a close frame's reason is not UTF-8");
  return { code, reason };
}

function maySay(code: number): boolean {
  if (code >= 3_000) return code <= 4_999;
  return code >= 1_000 && code <= 1_014 && code !== 1_004 && code !== NO_CODE && code !== LOST;
}
