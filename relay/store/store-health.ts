import type { Fault } from "../../shared/values/fault.ts";
import { storeFault } from "./store-fault.ts";

/** Minimum seconds between two reports of the same trouble. */
const TELL_SECONDS = 60;

/** Seconds after which a working store is tried again, and a failing one. */
const TRY_SECONDS = { working: 5, failing: 2 } as const;

/** A contained failure. */
export interface Trouble {
  /** The work that failed, as a constant: `note addresses in use`. */
  readonly what: string;
  readonly error: unknown;
  /** Number of times since the previous report, including this one. */
  readonly count: number;
}

/**
 * Contains the failures of the store. It remembers the reason until a write succeeds, and runs work whose failure must
 * not stop other work.
 */
export class StoreHealth {
  readonly #clock: () => number;
  readonly #troubleListeners = new Set<(trouble: Trouble) => void>();
  readonly #changeListeners = new Set<(failure: Fault | undefined) => void>();
  /** Reports by the work that failed. */
  readonly #told = new Map<string, { at: number; count: number }>();
  #failure: Fault | undefined;
  #isTold = false;
  #toldAt = Number.NEGATIVE_INFINITY;
  #triedAt = Number.NEGATIVE_INFINITY;

  /**
   * Creates it.
   *
   * @param clock monotonic seconds
   */
  constructor(clock: () => number = () => performance.now() / 1_000) {
    this.#clock = clock;
  }

  /** The reason why the store fails: `store.full` or `store.failed`. Undefined while it works. */
  get failure(): Fault | undefined {
    return this.#failure;
  }

  /** Calls `listener` with work that failed and was contained: for each kind of work at once, then once a minute at most. */
  onTrouble(listener: (trouble: Trouble) => void): void {
    this.#troubleListeners.add(listener);
  }

  /**
   * Calls `listener` when the store begins to fail, with the reason, once a minute at most, and when it works again after
   * that, with undefined.
   */
  onChanged(listener: (failure: Fault | undefined) => void): void {
    this.#changeListeners.add(listener);
  }

  /**
   * Notes that a statement failed.
   *
   * @returns the error to throw: the fault if the store is to blame, else the error itself
   */
  failed(error: unknown): unknown {
    const fault = storeFault(error);
    if (fault === undefined) return error;
    const isChange = this.#failure?.code !== fault.code;
    this.#failure = fault;
    if (isChange) this.#changed();
    return fault;
  }

  /** Notes a successful write. */
  succeeded(): void {
    this.#triedAt = this.#clock();
    if (this.#failure === undefined) return;
    this.#failure = undefined;
    this.#changed();
  }

  /** Returns whether to try a write, to test the store: every few seconds at most. The call counts as a try. */
  takeTurn(): boolean {
    const now = this.#clock();
    const wait = this.#failure === undefined ? TRY_SECONDS.working : TRY_SECONDS.failing;
    if (now - this.#triedAt < wait) return false;
    this.#triedAt = now;
    return true;
  }

  /**
   * Runs work that must not stop its caller: bookkeeping while frames are handled, in timers and in listeners. Counts
   * and reports an error instead of throwing it.
   *
   * @param what a constant that names the work
   * @returns the result of `work`; undefined if it failed
   */
  attempt<Result>(what: string, work: () => Result): Result | undefined {
    try {
      return work();
    } catch (error) {
      this.#trouble(what, error);
      return undefined;
    }
  }

  #trouble(what: string, error: unknown): void {
    const now = this.#clock();
    const told = this.#told.get(what) ?? { at: Number.NEGATIVE_INFINITY, count: 0 };
    this.#told.set(what, told);
    told.count++;
    if (now - told.at < TELL_SECONDS) return;
    for (const listener of this.#troubleListeners) listener({ what, error, count: told.count });
    told.at = now;
    told.count = 0;
  }

  #changed(): void {
    const isFailing = this.#failure !== undefined;
    // A disk that has a little room now and then would fill the log.
    if (isFailing ? this.#clock() - this.#toldAt < TELL_SECONDS : !this.#isTold) return;
    this.#isTold = isFailing;
    if (isFailing) this.#toldAt = this.#clock();
    for (const listener of this.#changeListeners) listener(this.#failure);
  }
}
