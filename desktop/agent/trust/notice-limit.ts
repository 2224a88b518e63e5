/** Notices that are told at once, and how often one more may follow, in seconds. */
const AT_ONCE = 20;
const SECONDS = 5;

/** Bounds how much a relay makes a client say: notices beyond it are counted, and the count is told with the next one. */
export class NoticeLimit {
  readonly #clock: () => number;
  #left = AT_ONCE;
  #at: number;
  #passedOver = 0;

  /** @param clock seconds, from whatever start, never going back */
  constructor(clock: () => number = () => performance.now() / 1_000) {
    this.#clock = clock;
    this.#at = clock();
  }

  /** Returns what to tell of a notice; undefined where it is passed over. */
  pass(message: string): string | undefined {
    const now = this.#clock();
    this.#left = Math.min(AT_ONCE, this.#left + (now - this.#at) / SECONDS);
    this.#at = now;
    if (this.#left < 1) {
      this.#passedOver++;
      return undefined;
    }
    this.#left--;
    const before = this.#passedOver;
    this.#passedOver = 0;
    return before === 0 ? message : `${message} (and ${before} notices before it that were passed over)`;
  }
}
