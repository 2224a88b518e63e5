import type { Port } from "../port.ts";

/** Seconds between two notices of one kind about one port: a person reads them. */
export const NOTICE_SECONDS = 60;

/** Keeps one kind of notice from being repeated for every frame. */
export class NoticeLimit {
  readonly #last = new Map<Port, number>();

  /** Whether a notice about this port is due; the caller then gives it. */
  isDue(port: Port, now: number): boolean {
    const last = this.#last.get(port);
    if (last !== undefined && now - last < NOTICE_SECONDS) return false;
    this.#last.set(port, now);
    return true;
  }

  /** The port is gone. */
  detach(port: Port): void {
    this.#last.delete(port);
  }
}
