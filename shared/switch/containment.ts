import type { DropCounter } from "./drops.ts";

/** Seconds between two reports of one place, because people read them. */
export const REPORT_SECONDS = 60;

/** A report of an error. It holds nothing of a frame. */
export interface Contained {
  /** The value that was thrown, with its stack if it is an `Error`. */
  readonly error: unknown;
  /** The id of the port or session that it was thrown at. */
  readonly at: string;
  /** The VNI of the network that it was thrown in; undefined if that is not known. */
  readonly vni: number | undefined;
  /** Errors caught there since the last report, this one included. */
  readonly count: number;
}

/** Writes a report, such as to a log. Its own errors are ignored. */
export type ReportContained = (contained: Contained) => void;

export interface ContainmentOptions {
  /** The id of the port or session. */
  readonly at: string;
  readonly vni?: number | undefined;
  /** Counts an `internal-error` for each error; without it the caller counts the frame. */
  readonly drops?: DropCounter | undefined;
  /** Without it errors are only counted. */
  readonly report?: ReportContained | undefined;
  /** Seconds, never going back. */
  readonly clock: () => number;
}

/**
 * Stops errors of the data path at one port or session, so that they cost a frame (or the session) and not the process.
 * Counts each error and reports at most one a minute.
 *
 * Each port has one. On the way of a frame the boundary is a plain `try`, which costs nothing unless something is thrown
 * and allocates nothing:
 *
 * ```ts
 * override send(bytes, start, frame, end): void {
 *   try {
 *     …
 *   } catch (error) {
 *     this.#containment.caught(error);
 *   }
 * }
 * ```
 *
 * Boundaries are where bytes, a timer or a native callback enter: the socket's callback, a port's `receive` and `send`, a
 * tick. Code between them may throw, so an object must not depend on a call that was cut short: it changes state last, or
 * undoes changes in `finally`. A session closes after an error, because its records cannot be followed further.
 */
export class Containment {
  /** Errors caught so far. */
  total = 0;
  readonly #options: ContainmentOptions;
  #unreported = 0;
  #reportedAt: number | undefined;

  constructor(options: ContainmentOptions) {
    this.#options = options;
  }

  /** Counts an error, and reports it if a report is due. Never throws. Bound to its object. */
  readonly caught = (error: unknown): void => {
    const { at, vni, drops, report, clock } = this.#options;
    this.total++;
    this.#unreported++;
    drops?.count("internal-error");
    if (report === undefined) return;
    try {
      const now = clock();
      if (this.#reportedAt !== undefined && now - this.#reportedAt < REPORT_SECONDS) return;
      this.#reportedAt = now;
      const count = this.#unreported;
      this.#unreported = 0;
      report({ error, at, vni, count });
    } catch {
      // A log that fails must not end the data path.
    }
  };

  /** Runs `work` and catches its errors, for ticks and other calls without a frame. @returns whether it succeeded */
  run(work: () => void): boolean {
    try {
      work();
      return true;
    } catch (error) {
      this.caught(error);
      return false;
    }
  }
}
