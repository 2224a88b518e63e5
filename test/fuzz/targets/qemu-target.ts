import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import { StreamDevice } from "../../../desktop/agent/qemu/stream-device.ts";
import type { FrameBatch } from "../../../desktop/agent/tap/device.ts";
import { readUint32, writeUint32 } from "../../../shared/frame/bytes.ts";
import { FRAME_BYTES } from "../../../shared/protocol/constants.ts";
import { corpusFrames, plain } from "../frames.ts";
import type { Subject, Target } from "../subject.ts";

const LENGTH_BYTES = 4;
const LEAST_BYTES = 14;
/** Greatest number of batches kept for a while, as a full tunnel does: sometimes all that the device has. */
const HELD = 4;

/** A minimal double of a socket: the test pushes input, and output is discarded. */
class Line extends Duplex {
  override _read(): void {}

  override _write(_chunk: unknown, _encoding: string, done: () => void): void {
    done();
  }
}

/** Reads the same stream byte for byte, in the plainest way, as the expected result. */
class Reference {
  frames = 0;
  ended = false;
  readonly #length = new Uint8Array(LENGTH_BYTES);
  #lengthBytes = 0;
  #left = 0;

  read(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length && !this.ended; ) {
      if (this.#left > 0) {
        const taken = Math.min(this.#left, chunk.length - at);
        at += taken;
        this.#left -= taken;
        if (this.#left === 0) this.frames++;
        continue;
      }
      this.#length[this.#lengthBytes++] = chunk[at++] ?? 0;
      if (this.#lengthBytes < LENGTH_BYTES) continue;
      this.#lengthBytes = 0;
      this.#left = readUint32(this.#length, 0);
      this.ended = this.#left < LEAST_BYTES || this.#left > FRAME_BYTES;
    }
  }
}

/** One machine after the other, because a malformed frame ends its connection. */
class QemuSubject implements Subject {
  readonly outgoing = corpusFrames();
  #line = new Line();
  #device: StreamDevice;
  #reference = new Reference();
  #frames = 0;
  #failed = false;
  #received = 0;
  readonly #held: FrameBatch[] = [];

  constructor() {
    this.#device = this.#connect();
  }

  receive(bytes: Uint8Array, end: number, chance: number): void {
    this.#received++;
    if (this.#reference.ended) this.#reconnect();
    // The device has no free block and does not read, so a machine would wait.
    if (this.#line.isPaused()) return;
    // Most frames have the announced length, because any other ends the connection.
    const size = chance % 256 === 0 ? end : Math.max(end, LEAST_BYTES);
    if (chance % 256 > 1) {
      const length = new Uint8Array(LENGTH_BYTES);
      writeUint32(length, 0, size);
      this.#push(length);
    }
    this.#push(bytes.slice(0, size));
  }

  send(bytes: Uint8Array, end: number): void {
    this.#device.write(bytes, 0, end);
  }

  accounted(): number {
    if (this.#failed !== this.#reference.ended) throw new Error("it ended where it should not, or went on");
    return this.#received - (this.#reference.frames - this.#frames);
  }

  async second(): Promise<void> {
    while (this.#held.length > 0 || (!this.#line.destroyed && this.#line.readableLength > 0)) {
      for (const batch of this.#held.splice(0)) batch.release();
      await new Promise(setImmediate);
    }
  }

  async isAlive(): Promise<boolean> {
    this.#reconnect();
    const good = message(plain(60));
    this.#push(good);
    await this.second();
    return this.#frames === 1 && this.#device.write(good, LENGTH_BYTES, good.length);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#device.close();
  }

  #push(chunk: Uint8Array): void {
    if (chunk.length === 0 || this.#line.destroyed) return;
    this.#reference.read(chunk);
    this.#line.push(chunk);
  }

  #reconnect(): void {
    void this.#device.close();
    this.#device = this.#connect();
  }

  #connect(): StreamDevice {
    for (const batch of this.#held.splice(0)) batch.release();
    this.#line = new Line();
    this.#reference = new Reference();
    this.#frames = 0;
    this.#failed = false;
    // Implements the part of a socket that a device uses.
    const device = new StreamDevice("machine", this.#line as unknown as Socket);
    device.start({
      frames: (batch) => this.#take(batch),
      failed: () => {
        this.#failed = true;
      },
    });
    return device;
  }

  #take(batch: FrameBatch): void {
    for (let index = 0; index < batch.count; index++) {
      const size = batch.endAt(index) - batch.frameAt(index);
      if (size < LEAST_BYTES || size > FRAME_BYTES) throw new Error(`a frame of ${size} bytes`);
      this.#frames++;
    }
    if (this.#frames % 64 < HELD && this.#held.length < HELD) this.#held.push(batch);
    else batch.release();
  }
}

function message(frame: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(LENGTH_BYTES + frame.length);
  writeUint32(bytes, 0, frame.length);
  bytes.set(frame, LENGTH_BYTES);
  return bytes;
}

/** Streams of virtual machines to a client. */
export const QEMU_TARGET: Target = {
  name: "qemu",
  corpus: [...corpusFrames(), message(plain(60))],
  open: async () => new QemuSubject(),
};
