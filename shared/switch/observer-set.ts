import type { DropReason } from "./drops.ts";
import type { SegmentObserver } from "./observer.ts";
import type { Port } from "./port.ts";
import type { Segment } from "./segment.ts";

/** The observers of one segment. An empty set does not observe it, so that frames cost nothing more. */
export class ObserverSet<Observer extends SegmentObserver = SegmentObserver> implements SegmentObserver {
  readonly #segment: Segment;
  readonly #failed: (observer: Observer, error: unknown) => void;
  readonly #observers = new Set<Observer>();

  /** @param failed told what an observer throws; the others see the frame all the same */
  constructor(segment: Segment, failed: (observer: Observer, error: unknown) => void) {
    this.#segment = segment;
    this.#failed = failed;
  }

  get size(): number {
    return this.#observers.size;
  }

  /** Iterates over the observers as they are now, so that they may be removed meanwhile. */
  [Symbol.iterator](): Iterator<Observer> {
    return [...this.#observers].values();
  }

  add(observer: Observer): void {
    this.#observers.add(observer);
    this.#segment.observer = this;
  }

  delete(observer: Observer): void {
    this.#observers.delete(observer);
    if (this.#observers.size === 0) this.#segment.observer = undefined;
  }

  received(port: Port, bytes: Uint8Array, frame: number, end: number): void {
    for (const observer of this.#observers) {
      try {
        observer.received(port, bytes, frame, end);
      } catch (error) {
        this.#failed(observer, error);
      }
    }
  }

  sent(port: Port, bytes: Uint8Array, frame: number, end: number): void {
    for (const observer of this.#observers) {
      try {
        observer.sent(port, bytes, frame, end);
      } catch (error) {
        this.#failed(observer, error);
      }
    }
  }

  dropped(port: Port, reason: DropReason, bytes: Uint8Array, frame: number, end: number): void {
    for (const observer of this.#observers) {
      try {
        observer.dropped(port, reason, bytes, frame, end);
      } catch (error) {
        this.#failed(observer, error);
      }
    }
  }
}
