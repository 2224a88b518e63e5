/**
 * Writes to a TCP socket everything that one turn of the event loop sends, by one system call.
 *
 * On Linux it calls writev(2) itself and bypasses Node's stream, whose queues, requests and callbacks cost as much as
 * the kernel's part of a small message. What the kernel does not accept at once goes through the stream, which handles
 * waiting. So does everything on TLS and on other systems.
 */
import { createRequire } from "node:module";
import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { descriptor } from "./tcp.ts";

/** Ranges per system call; the kernel accepts 1024 (IOV_MAX). */
const RANGES = 64;

/** writev(2), with its `struct iovec` in memory of our own. */
interface Vector {
  /** Sets range `index` to `bytes`, which must stay referenced until they are written. */
  set(index: number, bytes: Uint8Array): void;
  /** Writes the first `ranges` ranges. Returns the number of bytes that the kernel accepted, or -1. */
  write(fd: number, ranges: number): number;
}

/** Called when a range may be reused. */
type Taken = (() => void) | undefined;

export class TurnWriter {
  readonly #socket: Socket;
  readonly #direct: boolean;
  /** Ranges to write at the end of the turn; undefined while empty, because thousands of sockets may be idle. */
  #ranges: Uint8Array[] | undefined;
  #taken: Taken[] = NONE;

  /**
   * Creates a writer.
   *
   * @param socket connected; only this writer writes to it from now on
   */
  constructor(socket: Socket) {
    this.#socket = socket;
    this.#direct = !(socket instanceof TLSSocket);
  }

  /**
   * Writes `bytes` at the end of this turn, after everything written before.
   *
   * @param taken called once when the bytes may be reused, also if the connection is gone
   */
  write(bytes: Uint8Array, taken?: Taken): void {
    if (this.#ranges === undefined) {
      this.#ranges = [];
      this.#taken = [];
      process.nextTick(flush, this);
    }
    this.#ranges.push(bytes);
    this.#taken.push(taken);
  }

  /** Writes now. Call it before ending the socket. */
  flush(): void {
    const ranges = this.#ranges;
    const taken = this.#taken;
    if (ranges === undefined) return;
    this.#ranges = undefined;
    this.#taken = NONE;
    if (this.#socket.destroyed) {
      // The stream would report an error for each range.
      for (const told of taken) told?.();
      return;
    }
    const rest = this.#writeDirectly(ranges);
    const done = ranges.length - rest.length;
    if (rest.length > 0) {
      const socket = this.#socket;
      socket.cork();
      for (const [i, range] of rest.entries()) socket.write(range, taken[done + i]);
      socket.uncork();
    }
    for (let i = 0; i < done; i++) taken[i]?.();
  }

  /**
   * Writes to the kernel directly.
   *
   * @returns the ranges that the kernel did not accept, the first of which it may have written in part
   */
  #writeDirectly(ranges: Uint8Array[]): Uint8Array[] {
    const socket = this.#socket;
    // The stream's own data goes first.
    if (!this.#direct || socket.destroyed || socket.writableLength > 0) return ranges;
    const vector = loadVector();
    // Read each time, because after this connection closes the number may belong to another.
    const fd = vector === undefined ? undefined : descriptor(socket);
    if (vector === undefined || fd === undefined) return ranges;
    for (let from = 0; from < ranges.length; from += RANGES) {
      const count = Math.min(ranges.length - from, RANGES);
      for (let i = 0; i < count; i++) vector.set(i, ranges[from + i] as Uint8Array);
      let left = vector.write(fd, count);
      // The socket is full or the connection is broken: the stream meets the same and handles it.
      if (left < 0) return ranges.slice(from);
      for (let i = from; i < from + count; i++) {
        const range = ranges[i] as Uint8Array;
        if (left < range.length) return [range.subarray(left), ...ranges.slice(i + 1)];
        left -= range.length;
      }
    }
    return NOTHING;
  }
}

const NOTHING: Uint8Array[] = [];
const NONE: Taken[] = [];

function flush(writer: TurnWriter): void {
  writer.flush();
}

let loaded: Vector | undefined;
let looked = false;

/** Loads koffi once, when first needed; it has no build for every system and cannot always be loaded. */
function loadVector(): Vector | undefined {
  if (looked) return loaded;
  looked = true;
  // Other runtimes use their own numbers in place of descriptors.
  if (process.platform !== "linux" || process.versions.uv === undefined || "deno" in process.versions) {
    return undefined;
  }
  try {
    const koffi = createRequire(import.meta.url)("koffi") as typeof import("koffi");
    const writev: (fd: number, vector: number, ranges: number) => number = koffi
      .load(null)
      .func("writev", "intptr_t", ["int", "uintptr_t", "int"]);
    // Base and length of each range, 64 bits each, little-endian on all machines that koffi has builds for.
    if (koffi.sizeof("void *") !== 8) return undefined;
    const words = new Uint32Array(4 * RANGES);
    const address = Number(koffi.address(words));
    loaded = {
      set(index, bytes) {
        const base = Number(koffi.address(bytes));
        words[4 * index] = base;
        words[4 * index + 1] = Math.floor(base / 2 ** 32);
        words[4 * index + 2] = bytes.length;
      },
      write: (fd, ranges) => writev(fd, address, ranges),
    };
  } catch {
    // The stream writes everything.
  }
  return loaded;
}
