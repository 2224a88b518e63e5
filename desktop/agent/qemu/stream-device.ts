/**
 * A virtual machine's network card as a device of this VTEP: QEMU's `-netdev stream`, which is
 *
 * ```
 * | length, 32 bits, big-endian | frame, without FCS | length | frame | …
 * ```
 *
 * over TCP or a unix socket (net/stream.c in its source). There is no handshake, and no way to say that a frame was
 * refused; a length of zero has crashed QEMU, so none is sent.
 */
import type { Socket } from "node:net";
import { readUint32, writeUint32 } from "../../../shared/frame/bytes.ts";
import { ETHERNET_HEADER_BYTES } from "../../../shared/frame/ethernet.ts";
import { FRAME_BYTES } from "../../../shared/protocol/constants.ts";
import { Fault } from "../../../shared/values/fault.ts";
import { checkRange, TAP_HEADROOM, type TapDevice, type TapReceiver } from "../tap/device.ts";
import { type Slab, SlabPool } from "../tap/slab.ts";

const LENGTH_BYTES = 4;

/** Bytes that may wait for a machine that does not read; further frames are dropped. */
const UNREAD_BYTES = 1024 * 1024;

export class StreamDevice implements TapDevice {
  readonly name: string;
  readonly offload = false;
  readonly udpSuperFrames = false;
  readonly headroom = TAP_HEADROOM;
  readonly #socket: Socket;
  readonly #pool: SlabPool;
  #receiver: TapReceiver | undefined;
  /** Buffer for the length field of the next frame. */
  readonly #length = new Uint8Array(LENGTH_BYTES);
  #lengthBytes = 0;
  #frameBytes = 0;
  #frameRead = 0;
  /** The slab being filled; its last frame may be incomplete. */
  #slab: Slab | undefined;
  /** Rest of one chunk without a free slab, while the socket is paused. */
  #rest: Uint8Array = NOTHING;
  #closing: Promise<void> | undefined;
  readonly #uncork = () => this.#socket.uncork();

  /** @param socket connected; the device owns it */
  constructor(name: string, socket: Socket) {
    this.name = name;
    this.#socket = socket;
    // A slab may become free in the middle of a flush, when no frames may be read.
    this.#pool = new SlabPool({ freed: () => queueMicrotask(() => this.#goOn()) });
    socket.on("error", () => {});
    socket.pause();
  }

  start(receiver: TapReceiver): void {
    if (this.#receiver !== undefined || this.#closing !== undefined)
      throw new Error("a device is started once");
    this.#receiver = receiver;
    this.#socket.on("data", (chunk: Uint8Array) => this.#read(chunk));
    this.#socket.on("close", () => this.#gone("the machine has closed its connection"));
    if (this.#socket.destroyed) process.nextTick(() => this.#gone("the machine has closed its connection"));
    else this.#socket.resume();
  }

  write(bytes: Uint8Array, frame: number, end: number): boolean {
    checkRange(bytes, frame, end);
    const socket = this.#socket;
    const size = end - frame;
    if (!socket.writable || size < ETHERNET_HEADER_BYTES || socket.writableLength > UNREAD_BYTES)
      return false;
    if (socket.writableCorked === 0) {
      socket.cork();
      process.nextTick(this.#uncork);
    }
    const message = Buffer.allocUnsafe(LENGTH_BYTES + size);
    writeUint32(message, 0, size);
    message.set(bytes.subarray(frame, end), LENGTH_BYTES);
    socket.write(message);
    return true;
  }

  /** Returns false: the stream has no room for a virtio-net header. */
  writeOffload(): boolean {
    return false;
  }

  close(): Promise<void> {
    this.#closing ??= new Promise((resolve) => {
      if (this.#socket.closed) return resolve();
      this.#socket.once("close", () => resolve());
      this.#socket.destroy();
    });
    return this.#closing;
  }

  #read(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#frameBytes === 0) {
        this.#length[this.#lengthBytes++] = chunk[at++] as number;
        if (this.#lengthBytes < LENGTH_BYTES) continue;
        this.#lengthBytes = 0;
        this.#frameBytes = readUint32(this.#length, 0);
        this.#frameRead = 0;
        if (this.#frameBytes >= ETHERNET_HEADER_BYTES && this.#frameBytes <= FRAME_BYTES) continue;
        // The frames before it are still good.
        this.#handOver();
        this.#gone(`it sent a frame of ${this.#frameBytes} bytes: is it QEMU's '-netdev stream'?`);
        this.#socket.destroy();
        return;
      }
      if (this.#slab?.isFull) this.#handOver();
      this.#slab ??= this.#pool.take();
      if (this.#slab === undefined) {
        this.#rest = chunk.subarray(at);
        this.#socket.pause();
        return;
      }
      at += this.#take(this.#slab, chunk, at);
    }
    this.#handOver();
  }

  /** Copies the available part of the current frame. @returns the number of bytes copied */
  #take(slab: Slab, chunk: Uint8Array, at: number): number {
    const taken = Math.min(this.#frameBytes - this.#frameRead, chunk.length - at);
    slab.bytes.set(chunk.subarray(at, at + taken), slab.next + this.#frameRead);
    this.#frameRead += taken;
    if (this.#frameRead === this.#frameBytes) {
      slab.add(this.#frameBytes);
      this.#frameBytes = 0;
      this.#frameRead = 0;
    }
    return taken;
  }

  /** Delivers complete frames; the start of an incomplete one moves to the next slab. */
  #handOver(): void {
    const slab = this.#slab;
    if (slab === undefined || slab.count === 0 || this.#closing !== undefined) return;
    if (this.#frameRead === 0) {
      this.#slab = undefined;
    } else {
      const next = this.#pool.take();
      if (next === undefined) return;
      next.bytes.set(slab.bytes.subarray(slab.next, slab.next + this.#frameRead), next.next);
      this.#slab = next;
    }
    this.#receiver?.frames(this.#pool.batch(slab));
  }

  /** Continues after a slab has become free. */
  #goOn(): void {
    const rest = this.#rest;
    if (this.#closing !== undefined) return;
    // Complete frames may have waited for a slab for the data behind them.
    if (rest.length === 0) return this.#handOver();
    this.#rest = NOTHING;
    this.#read(rest);
    if (this.#rest.length === 0) this.#socket.resume();
  }

  #gone(why: string): void {
    const receiver = this.#receiver;
    if (receiver === undefined || this.#closing !== undefined) return;
    // Reported once.
    this.#receiver = undefined;
    receiver.failed(
      new Fault({
        code: "qemu.gone",
        message: `${this.name}: ${why}`,
        hint: "The machine is off the network until it connects again.",
      }),
    );
  }
}

const NOTHING = new Uint8Array(0);
