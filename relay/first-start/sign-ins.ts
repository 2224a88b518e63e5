import { hashSecret, newSecret } from "../crypto/secret.ts";

/** Seconds that a code is valid: it may lie in a terminal's history. */
const VALID_SECONDS = 3_600;

/** Maximum number of unused codes; the oldest goes first. */
const CODES = 16;

/**
 * Codes with which the relay's administrator signs in to the page, once each. They are in memory alone, so a restart
 * ends them.
 */
export class SignIns {
  readonly #token: string;
  readonly #now: () => number;
  /** The time at which each code expires, by its SHA-256, the oldest first. */
  readonly #expiry = new Map<string, number>();

  /**
   * Creates the codes' store.
   *
   * @param token the administrator's token, which a code is exchanged for
   * @param now seconds since 1970
   */
  constructor(token: string, now: () => number) {
    this.#token = token;
    this.#now = now;
  }

  /** Makes a code. @returns it, and when it expires, in seconds since 1970 */
  async create(): Promise<{ readonly code: string; readonly expiresAt: number }> {
    const code = newSecret();
    const hash = await hashSecret(code);
    const [oldest] = this.#expiry.keys();
    if (this.#expiry.size >= CODES && oldest !== undefined) this.#expiry.delete(oldest);
    const expiresAt = this.#now() + VALID_SECONDS;
    this.#expiry.set(hash, expiresAt);
    return { code, expiresAt };
  }

  /** Uses a code up. @returns the token; undefined if the code is unknown, used or expired */
  async take(code: string): Promise<string | undefined> {
    const hash = await hashSecret(code);
    const expiresAt = this.#expiry.get(hash);
    this.#expiry.delete(hash);
    return expiresAt !== undefined && this.#now() < expiresAt ? this.#token : undefined;
  }
}
