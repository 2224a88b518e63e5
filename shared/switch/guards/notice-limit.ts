import type { Port } from "../port.ts";

/** Seconds between two notices of one kind about one port, because people read them. */
export const NOTICE_SECONDS = 60;

/** Limits how often one kind of notice is given about each port. */
export class PortNoticeLimit {
  readonly #last = new Map<Port, number>();

  /** Returns whether a notice about this port is due, and counts it as given. */
  isDue(port: Port, now: number): boolean {
    const last = this.#last.get(port);
    if (last !== undefined && now - last < NOTICE_SECONDS) return false;
    this.#last.set(port, now);
    return true;
  }

  /** Forgets a port that has left. */
  detach(port: Port): void {
    this.#last.delete(port);
  }
}
