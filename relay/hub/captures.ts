import { Fault } from "../../shared/fault.ts";
import type { DropReason } from "../../shared/switch/drops.ts";
import type { SegmentObserver } from "../../shared/switch/observer.ts";
import type { Port } from "../../shared/switch/port.ts";
import type { Segment } from "../../shared/switch/segment.ts";
import { Capture, type CaptureOptions } from "./capture.ts";

/** Captures of one network at a time: each costs every frame a copy, and a few people may look at once. */
export const CAPTURES_PER_NETWORK = 4;

/** The captures of one segment that run. Without one, nothing observes the segment. */
export class Captures implements SegmentObserver {
  readonly #segment: Segment;
  readonly #running = new Set<Capture>();

  constructor(segment: Segment) {
    this.#segment = segment;
  }

  get empty(): boolean {
    return this.#running.size === 0;
  }

  /** @throws Fault `capture.too-many` */
  start(options: CaptureOptions): Capture {
    if (this.#running.size >= CAPTURES_PER_NETWORK) {
      throw new Fault({
        code: "capture.too-many",
        message: `${CAPTURES_PER_NETWORK} captures of this network run already, and no more may`,
        hint: "End one of them, or wait until one has ended.",
      });
    }
    const capture: Capture = new Capture({
      ...options,
      ended: () => {
        this.#running.delete(capture);
        this.#observe();
        options.ended?.();
      },
    });
    this.#running.add(capture);
    this.#observe();
    return capture;
  }

  /** Ends those that are not read. */
  tick(): void {
    for (const capture of [...this.#running]) capture.tick();
  }

  /** Ends all of them. */
  end(): void {
    for (const capture of this.#running) capture.end();
  }

  received(port: Port, bytes: Uint8Array, frame: number, end: number): void {
    for (const capture of this.#running) capture.received(port, bytes, frame, end);
  }

  sent(port: Port, bytes: Uint8Array, frame: number, end: number): void {
    for (const capture of this.#running) capture.sent(port, bytes, frame, end);
  }

  dropped(port: Port, reason: DropReason, bytes: Uint8Array, frame: number, end: number): void {
    for (const capture of this.#running) capture.dropped(port, reason, bytes, frame, end);
  }

  #observe(): void {
    const [only] = this.#running;
    this.#segment.observer = this.#running.size > 1 ? this : only;
  }
}
