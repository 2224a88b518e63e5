import { Buffer } from "node:buffer";
import type { Socket } from "node:net";

/** Bytes per read: a few super-frames. */
export const READ_BYTES = 256 * 1024;

/** Receives `bytes[0, end)`, which are lent for the duration of the call. */
export type OnRead = (bytes: Uint8Array, end: number) => void;

/** Control of reading from a socket: pauses and resumes it. */
export interface Reading {
  pause(): void;
  resume(): void;
}

/**
 * Makes a connected socket read into one buffer repeatedly, and starts reading. Node offers this only before a socket
 * connects (`onread` of net.connect). This does it for a connected socket, TLS or plain, such as HTTP passes on after
 * an upgrade. Otherwise each read gets a new buffer of 64 KiB, to be cleared and collected.
 *
 * It uses undocumented parts of Node. If they are not as expected, the socket is read in the ordinary way.
 *
 * @param buffer any number of sockets may share it
 * @returns control to pause and resume; bytes that were already read still arrive
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
    // More input waits. The loop would read megabytes of it before any other socket may be written to, and the
    // receivers' queues would have to drop most of it.
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

/** Allocates a buffer to read into. */
export function readBuffer(): Uint8Array {
  return Buffer.allocUnsafeSlow(READ_BYTES);
}
