import type { Fault } from "../../shared/values/fault.ts";
import { storeFault } from "./store-fault.ts";

/** Seconds between two times that the same trouble is told of. */
const TELL_SECONDS = 60;

/** Seconds after which a store that worked is tried again, and one that failed. */
const TRY_SECONDS = { working: 5, failing: 2 } as const;

/** Something that went wrong and was contained. */
export interface Trouble {
  /** The work that failed, as a constant: `note addresses in use`. */
  readonly what: string;
  readonly error: unknown;
  /** Number of times since it was told of before, this one included. */
  readonly count: number;
}

/**
 * Keeps a failing store from reaching further than the change that fails: remembers why it fails, until a write succeeds, and
 * runs work that must not stop anything else.
 */
export class StoreHealth {
  readonly #clock: () => number;
  readonly #troubleListeners = new Set<(trouble: Trouble) => void>();
  readonly #changeListeners = new Set<(failure: Fault | undefined) => void>();
  /** By what failed. */
  readonly #told = new Map<string, { at: number; count: number }>();
  #failure: Fault | undefined;
  #isTold = false;
  #toldAt = Number.NEGATIVE_INFINITY;
  #triedAt = Number.NEGATIVE_INFINITY;

  /** @param clock seconds, never going back */
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
   * @returns what to throw: the fault where the store is to blame, else the error itself
   */
  failed(error: unknown): unknown {
    const fault = storeFault(error);
    if (fault === undefined) return error;
    const isChange = this.#failure?.code !== fault.code;
    this.#failure = fault;
    if (isChange) this.#changed();
    return fault;
  }

  /** Notes that something was written. */
  succeeded(): void {
    this.#triedAt = this.#clock();
    if (this.#failure === undefined) return;
    this.#failure = undefined;
    this.#changed();
  }

  /** Whether to try a write, to find out how the store is: every few seconds at most. Counts as a try. */
  takeTurn(): boolean {
    const now = this.#clock();
    const wait = this.#failure === undefined ? TRY_SECONDS.working : TRY_SECONDS.failing;
    if (now - this.#triedAt < wait) return false;
    this.#triedAt = now;
    return true;
  }

  /**
   * Does work that must not stop what it is called from: bookkeeping on the way of frames, in timers and in listeners. An error
   * is counted and told of, not thrown.
   *
   * @param what a constant that names the work
   * @returns what `work` does; undefined where it failed
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
    // A disk that has room for a little now and then would fill the log.
    if (isFailing ? this.#clock() - this.#toldAt < TELL_SECONDS : !this.#isTold) return;
    this.#isTold = isFailing;
    if (isFailing) this.#toldAt = this.#clock();
    for (const listener of this.#changeListeners) listener(this.#failure);
  }
}
