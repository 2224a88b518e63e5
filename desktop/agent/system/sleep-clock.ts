/** Maximum drift between wall and monotonic clock between two looks, in milliseconds: adjustments are smaller. */
const JUMP_MS = 2_000;
/** Maximum delay of a look, in milliseconds: longer than on a busy machine. */
const LATE_MS = 5_000;

/**
 * Detects that the machine slept, or that the process was stopped, from two clocks read every second. The monotonic
 * clock stops in a suspend (clock_gettime(2)) and continues while a process is stopped; the wall clock continues in
 * both. A step of the wall clock looks like a suspend, and costs only a look.
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

  /** Starts measuring. */
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
