import { TokenBucket } from "../../../shared/switch/guards/token-bucket.ts";

/** Notices reported at once, and the seconds until one more may follow. */
const AT_ONCE = 20;
const SECONDS = 5;

/** Limits a relay's notices: further ones are counted, and the next one that is reported includes the count. */
export class RelayNoticeLimit {
  readonly #clock: () => number;
  readonly #bucket: TokenBucket;
  #passedOver = 0;

  /** @param clock seconds from any start, never going back */
  constructor(clock: () => number = () => performance.now() / 1_000) {
    this.#clock = clock;
    this.#bucket = new TokenBucket(1 / SECONDS, AT_ONCE, clock());
  }

  /** Returns the text to report for a notice; undefined if it is skipped. */
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
