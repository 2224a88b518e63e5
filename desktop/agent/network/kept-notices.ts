import type { Problem } from "../../rpc/shapes.ts";

/** Maximum notices kept for one network; the latest stay. */
const MOST = 8;

/**
 * How long a notice is kept after its last repetition, in milliseconds: the hub repeats current ones every five
 * minutes.
 */
const KEPT_MS = 600_000;

/** The hub's recent notices for one network that concern this machine. */
export class KeptNotices {
  readonly #clock: () => number;
  /** By code and message, the latest last. */
  readonly #notices = new Map<string, { readonly problem: Problem; readonly at: number }>();

  /** @param clock milliseconds, never going back */
  constructor(clock: () => number = () => performance.now()) {
    this.#clock = clock;
  }

  /** Adds a notice. Both texts are safe to show. */
  add(code: string, message: string): void {
    const key = `${code} ${message}`;
    const problem = { code, message, hint: "The relay has noticed this in the last ten minutes." };
    this.#notices.delete(key);
    this.#notices.set(key, { problem, at: this.#clock() });
    const [oldest] = this.#notices.keys();
    if (this.#notices.size > MOST && oldest !== undefined) this.#notices.delete(oldest);
  }

  /** The notices of the last ten minutes, the latest last. */
  get problems(): Problem[] {
    const since = this.#clock() - KEPT_MS;
    for (const [key, { at }] of this.#notices) if (at < since) this.#notices.delete(key);
    return [...this.#notices.values()].map(({ problem }) => problem);
  }
}
