import type { Containment } from "../../../shared/switch/containment.ts";
import { ObserverSet } from "../../../shared/switch/observer-set.ts";
import type { Segment } from "../../../shared/switch/segment.ts";
import { Fault } from "../../../shared/values/fault.ts";
import { Capture, type CaptureOptions } from "./capture.ts";

/** Maximum number of concurrent captures of one network: each costs every frame a copy. */
export const CAPTURES_PER_NETWORK = 4;

/** The running captures of one segment. Without a capture, no observer slows the segment down. */
export class Captures {
  readonly #running: ObserverSet<Capture>;

  /**
   * Creates it.
   *
   * @param containment receives errors of a capture, which end that capture and do not affect the frame's port
   */
  constructor(segment: Segment, containment: Containment) {
    this.#running = new ObserverSet<Capture>(segment, (capture, error) => {
      containment.caught(error);
      containment.run(() => capture.end());
    });
  }

  get isEmpty(): boolean {
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
        options.ended?.();
      },
    });
    this.#running.add(capture);
    return capture;
  }

  /** Ends captures whose readers have stalled. */
  tick(): void {
    for (const capture of this.#running) capture.tick();
  }

  /** Ends all captures. */
  end(): void {
    for (const capture of this.#running) capture.end();
  }
}
