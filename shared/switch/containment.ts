import type { DropCounter } from "./drops.ts";

/** Seconds between two reports of one place: a person reads them. */
export const REPORT_SECONDS = 60;

/** What is told of an error, so that it can be found. It holds nothing of a frame. */
export interface Contained {
  /** What was thrown, with its stack where it is an `Error`. */
  readonly error: unknown;
  /** The id of the port or session that it was thrown at. */
  readonly at: string;
  /** The VNI of the network that it was thrown in; undefined where that is not known. */
  readonly vni: number | undefined;
  /** Errors caught there since the last report, this one included. */
  readonly count: number;
}

/** Writes a report, such as to a log. What it throws is swallowed. */
export type ReportContained = (contained: Contained) => void;

export interface ContainmentOptions {
  /** The id of the port or session. */
  readonly at: string;
  readonly vni?: number | undefined;
  /** Counts an `internal-error` for each error; without it the caller counts the frame. */
  readonly drops?: DropCounter | undefined;
  /** Without it errors are counted alone. */
  readonly report?: ReportContained | undefined;
  /** Seconds, never going back. */
  readonly clock: () => number;
}

/**
 * Ends what is thrown on the data path at one port or session, so that it costs a frame (or the session) and not the
 * process. It counts each error and reports at most one a minute.
 *
 * Each port has one, made with it. On the way of a frame the boundary is a plain `try`, which costs nothing while nothing
 * is thrown and allocates nothing:
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
 * A boundary stands where bytes, a timer or a native callback enter: the socket's callback, a port's `receive` and `send`, a
 * tick. Between boundaries code throws as it likes, so an object must not depend on a call that was cut short: state changes
 * come last, or are undone in `finally`. A session that caught something closes, because its records can't be followed further.
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

  /** Counts an error, and reports it where a report is due. Never throws. May be handed on without its object. */
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
      // A log that fails must not be what ends the data path.
    }
  };

  /** Does `work` and catches what it throws: for ticks and other calls that are no frame's. @returns whether it went through */
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
