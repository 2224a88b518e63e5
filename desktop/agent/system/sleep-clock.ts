/** By how much the wall clock may leave the monotonic one between two looks, in milliseconds: adjustments are smaller. */
const JUMP_MS = 2_000;
/** How late a look may come, in milliseconds: a busy machine is less. */
const LATE_MS = 5_000;

/**
 * Tells that the machine slept, or that the process was stopped, by clocks that it is asked to look at every second. The
 * monotonic clock stands still in a suspend (clock_gettime(2)) and goes on while a process is stopped; the wall clock
 * goes on in both. A step of the wall clock looks like a suspend, and costs a look.
 */
export class SleepClock {
  readonly #monotonic: () => number;
  readonly #wall: () => number;
  #at = 0;
  #lead = 0;

  /** @param monotonic milliseconds @param wall milliseconds */
  constructor(monotonic: () => number = () => performance.now(), wall: () => number = Date.now) {
    this.#monotonic = monotonic;
    this.#wall = wall;
    this.start();
  }

  /** Counts from now on. */
  start(): void {
    this.#at = this.#monotonic();
    this.#lead = this.#wall() - this.#at;
  }

  /** Returns whether there was a sleep since the last look. */
  slept(): boolean {
    const before = this.#at;
    const lead = this.#lead;
    this.start();
    return Math.abs(this.#lead - lead) > JUMP_MS || this.#at - before > LATE_MS;
  }
}
