import type { Containment } from "../../../shared/switch/containment.ts";
import type { DropReason } from "../../../shared/switch/drops.ts";
import type { SegmentObserver } from "../../../shared/switch/observer.ts";
import type { Port } from "../../../shared/switch/port.ts";
import type { Segment } from "../../../shared/switch/segment.ts";
import { Fault } from "../../../shared/values/fault.ts";
import { Capture, type CaptureOptions } from "./capture.ts";

/** Maximum number of concurrent captures of one network: each costs every frame a copy. */
export const CAPTURES_PER_NETWORK = 4;

/** The running captures of one segment. Without a capture, no observer slows the segment down. */
export class Captures implements SegmentObserver {
  readonly #segment: Segment;
  readonly #running = new Set<Capture>();
  readonly #containment: Containment;

  /**
   * Creates it.
   *
   * @param containment receives errors of a capture, which end that capture and do not affect the frame's port
   */
  constructor(segment: Segment, containment: Containment) {
    this.#segment = segment;
    this.#containment = containment;
  }

  get empty(): boolean {
    return this.#running.size === 0;
  }

  /** Starts a capture. @throws Fault `capture.too-many` */
  start(options: CaptureOptions): Capture {
    if (this.#running.size >= CAPTURES_PER_NETWORK) {
      throw new Fault({
        code: "capture.too-many",
        message: `${CAPTURES_PER_NETWORK} captures of this network are running, which is the maximum`,
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

  /** Ends captures whose readers have stalled. */
  tick(): void {
    for (const capture of [...this.#running]) capture.tick();
  }

  /** Ends all captures. */
  end(): void {
    for (const capture of this.#running) capture.end();
  }

  received(port: Port, bytes: Uint8Array, frame: number, end: number): void {
    for (const capture of this.#running) {
      try {
        capture.received(port, bytes, frame, end);
      } catch (error) {
        this.#failed(capture, error);
      }
    }
  }

  sent(port: Port, bytes: Uint8Array, frame: number, end: number): void {
    for (const capture of this.#running) {
      try {
        capture.sent(port, bytes, frame, end);
      } catch (error) {
        this.#failed(capture, error);
      }
    }
  }

  dropped(port: Port, reason: DropReason, bytes: Uint8Array, frame: number, end: number): void {
    for (const capture of this.#running) {
      try {
        capture.dropped(port, reason, bytes, frame, end);
      } catch (error) {
        this.#failed(capture, error);
      }
    }
  }

  #failed(capture: Capture, error: unknown): void {
    this.#containment.caught(error);
    this.#containment.run(() => capture.end());
  }

  #observe(): void {
    this.#segment.observer = this.#running.size > 0 ? this : undefined;
  }
}
