/** Repairs of one kind at once, and the seconds for one more: five a minute. */
const AT_ONCE = 5;
const SECONDS = 12;

/**
 * Limits how often one kind of change is repaired, because fighting a program that insists on it would never end.
 * Changes beyond the limit are repaired later and reported as contested.
 */
export class RepairLimit<Kind> {
  readonly #clock: () => number;
  readonly #kinds = new Map<Kind, { left: number; at: number }>();

  /** @param clock seconds from any start, never going back */
  constructor(clock: () => number = () => performance.now() / 1_000) {
    this.#clock = clock;
  }

  /** Takes one repair. Returns false if none is left. */
  take(kind: Kind): boolean {
    const bucket = this.#look(kind);
    if (bucket.left < 1) return false;
    bucket.left--;
    return true;
  }

  /** Returns the seconds until one of the kinds can be repaired again; 0 if one can now. */
  wait(kinds: Iterable<Kind>): number {
    const waits = [...kinds].map((kind) => (1 - this.#look(kind).left) * SECONDS);
    return Math.max(0, Math.min(...waits));
  }

  /** Returns whether a kind has used up its repairs. */
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
