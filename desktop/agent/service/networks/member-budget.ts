/** Maximum bytes for the members of all networks of an agent. */
const AGENT_BYTES = 64 * 1024 * 1024;

/** The memory that the member tables of one agent share. */
export class MemberBudget {
  readonly #most: number;
  #used = 0;

  constructor(most: number = AGENT_BYTES) {
    this.#most = most;
  }

  get used(): number {
    return this.#used;
  }

  /** Takes bytes. Returns false if not enough are left. */
  take(bytes: number): boolean {
    if (this.#used + bytes > this.#most) return false;
    this.#used += bytes;
    return true;
  }

  give(bytes: number): void {
    this.#used -= bytes;
  }
}
