/**
 * Writes to a TCP socket what one turn of the event loop has for it, all by one system call.
 *
 * On Linux that is a writev(2) of our own, past the stream that Node puts before a socket: its queues, requests and
 * callbacks cost as much as the kernel's part of a small message. What the kernel does not take at once, and all there
 * is on TLS and elsewhere, goes by the stream, which knows how to wait.
 */
import { createRequire } from "node:module";
import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { descriptor } from "./tcp.ts";

/** Ranges handed to the kernel at a time; it takes 1024 (IOV_MAX). */
const RANGES = 64;

/** writev(2), with its `struct iovec` in memory of ours. */
interface Vector {
  /** Has range `index` be `bytes`, which have to be referenced until they are written. */
  set(index: number, bytes: Uint8Array): void;
  /** Writes the first so many ranges: how many bytes the kernel took, or -1. */
  write(fd: number, ranges: number): number;
}

/** Told that a range may be used again. */
type Taken = (() => void) | undefined;

export class TurnWriter {
  readonly #socket: Socket;
  readonly #direct: boolean;
  /** What waits for the turn's end: undefined while nothing does, as there may be thousands of idle sockets. */
  #ranges: Uint8Array[] | undefined;
  #taken: Taken[] = NONE;

  /** @param socket connected; only this writes to it from now on */
  constructor(socket: Socket) {
    this.#socket = socket;
    this.#direct = !(socket instanceof TLSSocket);
  }

  /**
   * Writes `bytes` when this turn ends, behind all that was written before.
   *
   * @param taken called once they may be used again, also where the connection is gone
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

  /** Writes now: before the socket is ended. */
  flush(): void {
    const ranges = this.#ranges;
    const taken = this.#taken;
    if (ranges === undefined) return;
    this.#ranges = undefined;
    this.#taken = NONE;
    if (this.#socket.destroyed) {
      // The stream would make an error for each range.
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

  /** @returns what the kernel did not take, from a range of which it may have taken a part */
  #writeDirectly(ranges: Uint8Array[]): Uint8Array[] {
    const socket = this.#socket;
    // What the stream still has goes first.
    if (!this.#direct || socket.destroyed || socket.writableLength > 0) return ranges;
    const vector = loadVector();
    // Asked for each time: the number may be another connection's once this one is closed.
    const fd = vector === undefined ? undefined : descriptor(socket);
    if (vector === undefined || fd === undefined) return ranges;
    for (let from = 0; from < ranges.length; from += RANGES) {
      const count = Math.min(ranges.length - from, RANGES);
      for (let i = 0; i < count; i++) vector.set(i, ranges[from + i] as Uint8Array);
      let left = vector.write(fd, count);
      // It has no room, or the connection is broken: the stream is told the same, and knows what to do about it.
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

/** Looked for once, and only when needed: koffi has no build for every system, and can't always be loaded. */
function loadVector(): Vector | undefined {
  if (looked) return loaded;
  looked = true;
  // Other runtimes have numbers of their own where Node has descriptors.
  if (process.platform !== "linux" || process.versions.uv === undefined || "deno" in process.versions) {
    return undefined;
  }
  try {
    const koffi = createRequire(import.meta.url)("koffi") as typeof import("koffi");
    const writev: (fd: number, vector: number, ranges: number) => number = koffi
      .load(null)
      .func("writev", "intptr_t", ["int", "uintptr_t", "int"]);
    // Base and length of each, of 64 bits, in the byte order that all machines have which koffi has builds for.
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
    // The stream does it all.
  }
  return loaded;
}
