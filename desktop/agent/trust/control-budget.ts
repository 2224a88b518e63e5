/**
 * Control messages of one relay: rate per second, and burst. It suffices for a network whose thousands of members all
 * return.
 */
const MESSAGES_PER_SECOND = 2_000;
const MESSAGES_AT_ONCE = 50_000;
/** Characters of these messages, because reading one costs work by its length. */
const CHARACTERS_PER_SECOND = 4 * 1_048_576;
const CHARACTERS_AT_ONCE = 16_777_216;

/** Limits the work of a relay's control messages: two token buckets, for messages and for their characters. */
export class RelayMessageBudget {
  readonly #clock: () => number;
  #messages = MESSAGES_AT_ONCE;
  #characters = CHARACTERS_AT_ONCE;
  #at: number;

  /** @param clock seconds from any start, never going back */
  constructor(clock: () => number = () => performance.now() / 1_000) {
    this.#clock = clock;
    this.#at = clock();
  }

  /** Takes one message. Returns false if nothing is left, and the message must not be read. */
  take(characters: number): boolean {
    const now = this.#clock();
    const seconds = now - this.#at;
    this.#at = now;
    this.#messages = Math.min(MESSAGES_AT_ONCE, this.#messages + seconds * MESSAGES_PER_SECOND) - 1;
    this.#characters =
      Math.min(CHARACTERS_AT_ONCE, this.#characters + seconds * CHARACTERS_PER_SECOND) - characters;
    return this.#messages >= 0 && this.#characters >= 0;
  }
}
