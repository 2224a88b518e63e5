/** Reads frames from a TAP, and recognises a test's own. */
import type { FrameBatch, TapReceiver } from "../../../../desktop/agent/tap/device.ts";
import { EXPERIMENTAL } from "./packet-socket.ts";

/** How long to wait for expected events: two busy cores are slow. */
export const WAIT = { timeout: 30_000, interval: 5 };

/** Collects a device's frames; "keep" holds every batch until {@link releaseAll}. */
export class Reader implements TapReceiver {
  mode: "release" | "keep";
  /** Copies of all experimental frames, in order; the kernel's own are left out. */
  readonly seen: Uint8Array[] = [];
  readonly kept: FrameBatch[] = [];
  readonly failures: Error[] = [];
  batches = 0;
  onFrames: () => void = () => {};

  constructor(mode: "release" | "keep" = "release") {
    this.mode = mode;
  }

  frames(batch: FrameBatch): void {
    this.batches++;
    this.seen.push(...framesOf(batch));
    if (this.mode === "keep") this.kept.push(batch);
    else batch.release();
    this.onFrames();
  }

  failed(error: Error): void {
    this.failures.push(error);
  }

  releaseAll(): void {
    this.mode = "release";
    for (const batch of this.kept.splice(0)) batch.release();
  }
}

/** Returns copies of a batch's experimental frames. */
export function framesOf(batch: FrameBatch): Uint8Array[] {
  const frames: Uint8Array[] = [];
  for (let i = 0; i < batch.count; i++) {
    const frame = batch.frameAt(i);
    if (isExperimental(batch.block.bytes, frame)) frames.push(batch.block.bytes.slice(frame, batch.endAt(i)));
  }
  return frames;
}

/** Returns whether the frame at `frame` is a test's. */
export function isExperimental(bytes: Uint8Array, frame: number): boolean {
  return ((bytes[frame + 12] ?? 0) << 8) + (bytes[frame + 13] ?? 0) === EXPERIMENTAL;
}

/** Returns a broadcast frame of `length` bytes, whose content depends on `sequence` and the position. */
export function makeFrame(length: number, sequence = length): Uint8Array {
  const frame = new Uint8Array(length).map((_, i) => i * 7 + sequence);
  frame.fill(0xff, 0, 6);
  frame.set([0x02, 0x4c, 0x57, sequence >>> 16, sequence >>> 8, sequence], 6);
  frame[12] = EXPERIMENTAL >>> 8;
  frame[13] = EXPERIMENTAL & 0xff;
  return frame;
}

export function sequenceOf(frame: Uint8Array): number {
  return ((frame[9] ?? 0) << 16) | ((frame[10] ?? 0) << 8) | (frame[11] ?? 0);
}

/** Waits long enough for the next turns of the event loop to finish. */
export async function turns(): Promise<void> {
  for (let i = 0; i < 10; i++) await new Promise((resolve) => setTimeout(resolve, 10));
}
