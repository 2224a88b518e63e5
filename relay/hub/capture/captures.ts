import type { Containment } from "../../../shared/switch/containment.ts";
import { ObserverSet } from "../../../shared/switch/observer-set.ts";
import type { Segment } from "../../../shared/switch/segment.ts";
import { Fault } from "../../../shared/values/fault.ts";
import { Capture, type CaptureOptions } from "./capture.ts";

/** Captures of one network at a time: each costs every frame a copy, and a few people may look at once. */
export const CAPTURES_PER_NETWORK = 4;

/** The captures of one segment that run. Without one, nothing observes the segment. */
export class Captures {
  readonly #running: ObserverSet<Capture>;

  /** @param containment told of what a capture throws, which ends it: whose frame it was has nothing to do with it */
  constructor(segment: Segment, containment: Containment) {
    this.#running = new ObserverSet<Capture>(segment, (capture, error) => {
      containment.caught(error);
      containment.run(() => capture.end());
    });
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
        options.ended?.();
      },
    });
    this.#running.add(capture);
    return capture;
  }

  /** Ends those that are not read. */
  tick(): void {
    for (const capture of this.#running) capture.tick();
  }

  /** Ends all of them. */
  end(): void {
    for (const capture of this.#running) capture.end();
  }
}
