/** Bytes that the members of all networks of an agent may take. */
const AGENT_BYTES = 64 * 1024 * 1024;

/** What the member tables of one agent take together. */
export class MemberBudget {
  readonly #most: number;
  #used = 0;

  constructor(most: number = AGENT_BYTES) {
    this.#most = most;
  }

  get used(): number {
    return this.#used;
  }

  /** Takes bytes. Returns false where there are not so many left. */
  take(bytes: number): boolean {
    if (this.#used + bytes > this.#most) return false;
    this.#used += bytes;
    return true;
  }

  give(bytes: number): void {
    this.#used -= bytes;
  }
}
