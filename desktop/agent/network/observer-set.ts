import type { DropReason } from "../../../shared/switch/drops.ts";
import type { SegmentObserver } from "../../../shared/switch/observer.ts";
import type { Port } from "../../../shared/switch/port.ts";
import type { Segment } from "../../../shared/switch/segment.ts";

/** A set of observers of one segment; the segment has no observer while it is empty. */
export class ObserverSet implements SegmentObserver {
  readonly #segment: Segment;
  readonly #observers = new Set<SegmentObserver>();

  constructor(segment: Segment) {
    this.#segment = segment;
  }

  /** Adds an observer. @returns a function that removes it */
  add(observer: SegmentObserver): () => void {
    this.#observers.add(observer);
    this.#segment.observer = this;
    return () => {
      this.#observers.delete(observer);
      if (this.#observers.size === 0) this.#segment.observer = undefined;
    };
  }

  received(port: Port, bytes: Uint8Array, frame: number, end: number): void {
    for (const observer of this.#observers) observer.received(port, bytes, frame, end);
  }

  sent(port: Port, bytes: Uint8Array, frame: number, end: number): void {
    for (const observer of this.#observers) observer.sent(port, bytes, frame, end);
  }

  dropped(port: Port, reason: DropReason, bytes: Uint8Array, frame: number, end: number): void {
    for (const observer of this.#observers) observer.dropped(port, reason, bytes, frame, end);
  }
}
