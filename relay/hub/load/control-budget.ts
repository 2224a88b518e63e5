import { TokenBucket } from "../../../shared/switch/guards/token-bucket.ts";

/** Burst in seconds of the rate: whole sites join together when their line comes back. */
const BURST_SECONDS = 4;

/** Rates of control messages. */
export interface ControlRates {
  /** Messages read per second. */
  readonly messages: number;
  /** Bytes that the relay sends for them per second: a message to N members counts N times. */
  readonly bytes: number;
}

/**
 * Paces control messages by their cost. A message that costs more than the remaining budget passes, and the next waits
 * until it is paid for. So the largest one passes too, and the average is the rate.
 */
export class ControlBudget {
  readonly #clock: () => number;
  readonly #within: ControlBudget | undefined;
  #messages: TokenBucket;
  #bytes: TokenBucket;
  /** Bytes that the relay has sent on its account so far. */
  sent = 0;
  #delayed = { messages: 0, bytes: 0 };

  /**
   * Creates a budget.
   *
   * @param clock monotonic seconds with fractions
   * @param within a wider budget, which is charged too
   */
  constructor(rates: ControlRates, clock: () => number, within?: ControlBudget) {
    this.#clock = clock;
    this.#within = within;
    this.#messages = this.#bucket(rates.messages);
    this.#bytes = this.#bucket(rates.bytes);
  }

  /** Whether the next message may be read now. */
  get isOpen(): boolean {
    const now = this.#clock();
    if (!this.#messages.take(now, 0)) this.#delayed.messages++;
    else if (!this.#bytes.take(now, 0)) this.#delayed.bytes++;
    else return this.#within?.isOpen ?? true;
    return false;
  }

  /** Returns how often a message had to wait since the last call, by the rate that it waited for. */
  takeDelayed(): Readonly<ControlRates> {
    const delayed = this.#delayed;
    this.#delayed = { messages: 0, bytes: 0 };
    return delayed;
  }

  /** Counts a message that is read. */
  read(): void {
    this.#messages.charge(1);
    this.#within?.read();
  }

  /** Counts bytes that are sent here. Does not charge the wider budget: the relay charges the tenant where it sends. */
  charge(bytes: number): void {
    this.sent += bytes;
    this.#bytes.charge(bytes);
  }

  /** Changes the rates. */
  reset(rates: ControlRates): void {
    this.#messages = this.#bucket(rates.messages);
    this.#bytes = this.#bucket(rates.bytes);
  }

  #bucket(rate: number): TokenBucket {
    return new TokenBucket(rate, Math.max(1, rate * BURST_SECONDS), this.#clock());
  }
}
