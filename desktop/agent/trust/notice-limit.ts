import { TokenBucket } from "../../../shared/switch/guards/token-bucket.ts";

/** Notices that are told at once, and how often one more may follow, in seconds. */
const AT_ONCE = 20;
const SECONDS = 5;

/** Bounds how much a relay makes a client say: notices beyond it are counted, and the count is told with the next one. */
export class NoticeLimit {
  readonly #clock: () => number;
  readonly #bucket: TokenBucket;
  #passedOver = 0;

  /** @param clock seconds, from whatever start, never going back */
  constructor(clock: () => number = () => performance.now() / 1_000) {
    this.#clock = clock;
    this.#bucket = new TokenBucket(1 / SECONDS, AT_ONCE, clock());
  }

  /** Returns what to tell of a notice; undefined where it is passed over. */
  pass(message: string): string | undefined {
    if (!this.#bucket.take(this.#clock())) {
      this.#passedOver++;
      return undefined;
    }
    const before = this.#passedOver;
    this.#passedOver = 0;
    return before === 0 ? message : `${message} (and ${before} notices before it that were passed over)`;
  }
}
