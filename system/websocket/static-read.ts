import { Buffer } from "node:buffer";
import type { Socket } from "node:net";

/** Bytes read at a time: a few super-frames. */
export const READ_BYTES = 256 * 1024;

/** What was read, in `bytes[0, end)`: borrowed for as long as the call takes. */
export type OnRead = (bytes: Uint8Array, end: number) => void;

/** How a socket is read: it can be told to wait. */
export interface Reading {
  pause(): void;
  resume(): void;
}

/**
 * Has a connected socket read into one buffer, again and again, and starts reading. Node can do so for sockets that it
 * is told about before they connect (`onread` of net.connect); this does it for one that already is, TLS or plain, such
 * as HTTP hands over with an upgrade. Each read otherwise gets a new buffer of 64 KiB, to be cleared and collected.
 *
 * It uses what Node does not document. Where that is not as expected, the socket is read in the ordinary way.
 *
 * @param buffer may be shared by any number of sockets
 * @returns how to have it wait; what was read already comes all the same
 */
export function readInto(socket: Socket, buffer: Uint8Array, onRead: OnRead): Reading {
  const reading = new SocketReading(socket);
  if (!takeOver(socket, buffer, onRead, reading)) {
    socket.on("data", (chunk: Uint8Array) => onRead(chunk, chunk.length));
  }
  socket.resume();
  return reading;
}

class SocketReading implements Reading {
  readonly #socket: Socket;
  isPaused = false;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  pause(): void {
    this.isPaused = true;
    this.#socket.pause();
  }

  resume(): void {
    this.isPaused = false;
    this.#socket.resume();
  }
}

interface StreamHandle {
  useUserBuffer(buffer: Uint8Array): void;
}

function takeOver(socket: Socket, buffer: Uint8Array, onRead: OnRead, reading: SocketReading): boolean {
  const handle: unknown = Reflect.get(socket, "_handle");
  const symbols = Object.getOwnPropertySymbols(socket);
  const named = (description: string) => symbols.find((symbol) => symbol.description === description);
  const [kBuffer, kBufferCb, kBufferGen] = [named("kBuffer"), named("kBufferCb"), named("kBufferGen")];
  if (kBuffer === undefined || kBufferCb === undefined || kBufferGen === undefined) return false;
  if (!isStreamHandle(handle)) return false;
  handle.useUserBuffer(buffer);
  Reflect.set(socket, kBuffer, buffer);
  Reflect.set(socket, kBufferGen, null);
  Reflect.set(socket, kBufferCb, (size: number) => {
    onRead(buffer, size);
    if (size < buffer.length) return true;
    // There is more. The loop would read all of it, megabytes, before any other socket may be written to, and whoever
    // they are for would have to lose most of them.
    setImmediate(() => {
      if (!reading.isPaused) socket.resume();
    });
    return false;
  });
  return true;
}

function isStreamHandle(handle: unknown): handle is StreamHandle {
  return typeof handle === "object" && handle !== null && "useUserBuffer" in handle;
}

/** A buffer to read into. */
export function readBuffer(): Uint8Array {
  return Buffer.allocUnsafeSlow(READ_BYTES);
}
