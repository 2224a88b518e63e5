/**
 * Parses a WebSocket's bytes as they arrive (RFC 6455 section 5).
 *
 * The bytes are lent, from a buffer that the next read overwrites. So the parser copies each payload once into memory
 * of a pool, and unmasks it on the way.
 */
import { readUint16, readUint32 } from "../../shared/frame/bytes.ts";
import type { Block } from "../../shared/tunnel/block.ts";
import type { BlockPool } from "../../shared/tunnel/block-pool.ts";
import {
  CONTROL_BYTES,
  FIN,
  HEADER_BYTES,
  LENGTH,
  LENGTH_16,
  LENGTH_64,
  MASK_BYTES,
  MASKED,
  OPCODE,
  OPCODE_BINARY,
  OPCODE_CLOSE,
  OPCODE_CONTINUATION,
  OPCODE_PONG,
  OPCODE_TEXT,
  PROTOCOL_ERROR,
  RESERVED,
  TOO_BIG,
} from "./frame.ts";
import { mask } from "./mask.ts";

/** The reason why the connection must close, with its close code (section 7.4.1). */
export class FrameFault {
  readonly code: number;
  readonly reason: string;

  constructor(code: number, reason: string) {
    this.code = code;
    this.reason = reason;
  }
}

export interface FrameEvents {
  /** Receives the whole message `block.bytes[0, size)`, and one reference to the block. */
  message(opcode: typeof OPCODE_TEXT | typeof OPCODE_BINARY, block: Block, size: number): void;
  /** Receives a control frame. The payload belongs to the receiver. */
  control(opcode: number, payload: Uint8Array): void;
}

export interface FrameParserOptions {
  /** Whether frames must be masked, as a client's are, or must not be, as a server's (section 5.1). */
  readonly masked: boolean;
  /** Maximum size of a message in bytes. */
  readonly maxBytes: number;
  /** The close code for a longer message; 1009 by default. */
  readonly tooBig?: number | undefined;
  readonly pool: BlockPool;
  readonly events: FrameEvents;
}

export class FrameParser {
  readonly #masked: boolean;
  #maxBytes: number;
  #tooBig: number;
  readonly #pool: BlockPool;
  readonly #events: FrameEvents;
  /** Whether input is ignored, because the connection is closing. */
  #stopped = false;

  /** An incomplete header. The masking key uses its last bytes, because each of many idle sockets has a parser. */
  readonly #header = new Uint8Array(HEADER_BYTES + MASK_BYTES);
  #headerBytes = 0;

  /** The frame whose payload is being read; `#left` bytes are missing. */
  #opcode = 0;
  #final = false;
  #left = 0;
  #inPayload = false;
  readonly #key = this.#header.subarray(HEADER_BYTES);

  /** The message that the fragments form. */
  #messageOpcode = 0;
  #message: Block | undefined;
  #messageBytes = 0;
  /** A control frame, which may come between fragments. */
  #control: Uint8Array | undefined;
  #controlBytes = 0;

  constructor({ masked, maxBytes, tooBig = TOO_BIG, pool, events }: FrameParserOptions) {
    this.#masked = masked;
    this.#maxBytes = maxBytes;
    this.#tooBig = tooBig;
    this.#pool = pool;
    this.#events = events;
  }

  /** Bytes of memory held by the incomplete message; 0 if there is none. */
  get unreadBytes(): number {
    return this.#message?.bytes.length ?? 0;
  }

  /** Sets the maximum size of a message in bytes; a longer one closes with 1009. */
  allow(maxBytes: number): void {
    this.#maxBytes = maxBytes;
    this.#tooBig = TOO_BIG;
  }

  /** Ignores all input from now on. */
  stop(): void {
    this.#stopped = true;
    this.#message?.release();
    this.#message = undefined;
  }

  /** Reads `bytes[start, end)`, which are lent for the duration of the call. */
  read(bytes: Uint8Array, start: number, end: number): FrameFault | undefined {
    let at = start;
    while (!this.#stopped && at < end) {
      if (!this.#inPayload) {
        this.#header[this.#headerBytes++] = bytes[at++] as number;
        if (this.#headerBytes < 2 || this.#headerBytes < headerBytes(this.#header)) continue;
        this.#headerBytes = 0;
        const fault = this.#begin();
        if (fault !== undefined) return fault;
      }
      const taken = Math.min(this.#left, end - at);
      if (taken > 0) this.#take(bytes, at, at + taken);
      at += taken;
      this.#left -= taken;
      if (this.#left === 0) this.#end();
    }
    return undefined;
  }

  /** Starts the payload of a frame whose header is complete. */
  #begin(): FrameFault | undefined {
    const header = this.#header;
    const first = header[0] as number;
    const second = header[1] as number;
    const opcode = first & OPCODE;
    const final = (first & FIN) !== 0;
    if ((first & RESERVED) !== 0) return new FrameFault(PROTOCOL_ERROR, "a reserved bit is set");
    if (((second & MASKED) !== 0) !== this.#masked) {
      return new FrameFault(PROTOCOL_ERROR, this.#masked ? "a frame is not masked" : "a frame is masked");
    }
    const length = payloadLength(header);
    if (length === undefined) return new FrameFault(PROTOCOL_ERROR, "a length is not in its shortest form");
    if (opcode >= OPCODE_CLOSE) {
      if (opcode > OPCODE_PONG) return new FrameFault(PROTOCOL_ERROR, `opcode ${opcode} is not known`);
      if (!final) return new FrameFault(PROTOCOL_ERROR, "a control frame is fragmented");
      if (length > CONTROL_BYTES) return new FrameFault(PROTOCOL_ERROR, "a control frame is too long");
      this.#control = new Uint8Array(length);
      this.#controlBytes = 0;
    } else {
      const begun = this.#messageOpcode !== 0;
      if (opcode > OPCODE_BINARY) return new FrameFault(PROTOCOL_ERROR, `opcode ${opcode} is not known`);
      if (begun !== (opcode === OPCODE_CONTINUATION)) {
        return new FrameFault(
          PROTOCOL_ERROR,
          begun ? "a message begins within another" : "a continuation without a message",
        );
      }
      if (this.#messageBytes + length > this.#maxBytes) {
        return new FrameFault(this.#tooBig, `message over ${this.#maxBytes} bytes`);
      }
      if (!begun) this.#messageOpcode = opcode;
      this.#reserve(length);
    }
    this.#opcode = opcode;
    this.#final = final;
    this.#left = length;
    this.#inPayload = true;
    if (this.#masked) {
      const key = headerBytes(header) - MASK_BYTES;
      for (let i = 0; i < MASK_BYTES; i++) this.#key[i] = header[key + i] as number;
    }
    return undefined;
  }

  /** Reserves `length` more bytes for the message. */
  #reserve(length: number): void {
    const needed = this.#messageBytes + length;
    const old = this.#message;
    if (old !== undefined && old.bytes.length >= needed) return;
    // At least doubles the block, or a message of many small fragments would be copied once for each.
    const block = this.#pool.take(
      old === undefined ? needed : Math.max(needed, Math.min(2 * old.bytes.length, this.#maxBytes)),
    );
    if (old !== undefined) {
      block.bytes.set(old.bytes.subarray(0, this.#messageBytes));
      old.release();
    }
    this.#message = block;
  }

  #take(bytes: Uint8Array, start: number, end: number): void {
    const control = this.#opcode >= OPCODE_CLOSE;
    const into = (control ? this.#control : this.#message?.bytes) as Uint8Array;
    const offset = control ? this.#controlBytes : this.#messageBytes;
    const length = end - start;
    if (!this.#masked) {
      into.set(bytes.subarray(start, end), offset);
    } else {
      mask(bytes.subarray(start, end), this.#key, into, offset, length);
      turn(this.#key, length & 3);
    }
    if (control) this.#controlBytes += length;
    else this.#messageBytes += length;
  }

  /** Ends a frame whose payload is complete. */
  #end(): void {
    this.#inPayload = false;
    if (this.#opcode >= OPCODE_CLOSE) {
      this.#events.control(this.#opcode, this.#control as Uint8Array);
      this.#control = undefined;
      return;
    }
    if (!this.#final) return;
    const opcode = this.#messageOpcode === OPCODE_TEXT ? OPCODE_TEXT : OPCODE_BINARY;
    const block = this.#message as Block;
    const size = this.#messageBytes;
    this.#messageOpcode = 0;
    this.#message = undefined;
    this.#messageBytes = 0;
    this.#events.message(opcode, block, size);
  }
}

/** Returns the length in bytes of the header whose first two bytes are present. */
function headerBytes(header: Uint8Array): number {
  const second = header[1] as number;
  const length = second & LENGTH;
  const extended = length === LENGTH_16 ? 2 : length === LENGTH_64 ? 8 : 0;
  return 2 + extended + ((second & MASKED) === 0 ? 0 : MASK_BYTES);
}

/**
 * Returns the payload's length in bytes: undefined if it is not in its shortest form, and more than any limit if it has
 * over 32 bits.
 */
function payloadLength(header: Uint8Array): number | undefined {
  const length = (header[1] as number) & LENGTH;
  if (length < LENGTH_16) return length;
  if (length === LENGTH_16) {
    const short = readUint16(header, 2);
    return short < LENGTH_16 ? undefined : short;
  }
  const long = readUint32(header, 2) * 2 ** 32 + readUint32(header, 6);
  return long <= 0xffff || long >= 2 ** 63 ? undefined : long;
}

/** Rotates a masking key by `by` bytes, so that the payload's next byte meets the key's next. */
function turn(key: Uint8Array, by: number): void {
  for (let i = 0; i < by; i++) {
    const first = key[0] as number;
    key.copyWithin(0, 1);
    key[MASK_BYTES - 1] = first;
  }
}
