import { LENGTH, LENGTH_16, LENGTH_64, OPCODE } from "../../../system/websocket/frame.ts";

export interface ServerMessage {
  readonly opcode: number;
  readonly payload: Buffer;
}

/** Reassembles a server's WebSocket frames, which are neither masked nor fragmented, from the bytes read. */
export class ServerMessages {
  #pending = Buffer.alloc(0);

  /** @returns the messages that are complete now */
  *read(bytes: Uint8Array): Generator<ServerMessage, void, undefined> {
    this.#pending = Buffer.concat([this.#pending, bytes]);
    for (let next = this.#next(); next !== undefined; next = this.#next()) yield next;
  }

  #next(): ServerMessage | undefined {
    const bytes = this.#pending;
    if (bytes.length < 2) return undefined;
    const short = (bytes[1] ?? 0) & LENGTH;
    const header = short === LENGTH_64 ? 10 : short === LENGTH_16 ? 4 : 2;
    if (bytes.length < header) return undefined;
    // A relay sends no message of 4 GiB or more.
    const length = header === 2 ? short : header === 4 ? bytes.readUInt16BE(2) : bytes.readUInt32BE(6);
    if (bytes.length < header + length) return undefined;
    this.#pending = bytes.subarray(header + length);
    return { opcode: (bytes[0] ?? 0) & OPCODE, payload: bytes.subarray(header, header + length) };
  }
}
