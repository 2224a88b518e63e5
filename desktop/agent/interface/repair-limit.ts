/** Repairs of one kind that are made at once, and how often one more is, in seconds: five a minute. */
const AT_ONCE = 5;
const SECONDS = 12;

/**
 * Bounds how often one kind of change is put back: against a program that insists on it there is nothing to win, and
 * both would be at it all the time. What is beyond the bound is put back later, and said to be contested.
 */
export class RepairLimit<Kind> {
  readonly #clock: () => number;
  readonly #kinds = new Map<Kind, { left: number; at: number }>();

  /** @param clock seconds, from whatever start, never going back */
  constructor(clock: () => number = () => performance.now() / 1_000) {
    this.#clock = clock;
  }

  /** Takes one repair off what is left. Returns false where nothing is. */
  take(kind: Kind): boolean {
    const bucket = this.#look(kind);
    if (bucket.left < 1) return false;
    bucket.left--;
    return true;
  }

  /** Seconds until there is one more repair, of the kinds; 0 where there is one now. */
  wait(kinds: Iterable<Kind>): number {
    const waits = [...kinds].map((kind) => (1 - this.#look(kind).left) * SECONDS);
    return Math.max(0, Math.min(...waits));
  }

  /** Whether a kind has been put back as often as it may be, of late. */
  isSpent(kind: Kind): boolean {
    return this.#look(kind).left < 1;
  }

  #look(kind: Kind): { left: number; at: number } {
    const now = this.#clock();
    const { left, at } = this.#kinds.get(kind) ?? { left: AT_ONCE, at: now };
    const bucket = { left: Math.min(AT_ONCE, left + (now - at) / SECONDS), at: now };
    this.#kinds.set(kind, bucket);
    return bucket;
  }
}
