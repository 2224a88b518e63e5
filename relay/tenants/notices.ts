/** Maximum number of notices kept of a tenant: one page for a person. The least recent ones are removed first. */
const KEPT = 100;

/**
 * Maximum number of tenants with notices: with {@link KEPT} of each, some 100 MiB. The least recent tenant is removed
 * first.
 */
const TENANTS = 2_000;

/** Maximum characters of a message or a hint, because they contain names of members. */
const TEXT_LENGTH = 512;

/** Seconds of silence after which the same notice counts as new. */
const EPISODE_SECONDS = 3_600;

/** Minimum seconds between two reports of the same notice. */
const TELL_SECONDS = 60;

/** A condition that a tenant's administrator should know of, with how often it occurred. */
export interface TenantNotice {
  /** Stable, dotted or dashed, for programs: `limit.devices`, `duplicate-mac`. */
  readonly code: string;
  /** Name of the network concerned; undefined if it concerns the tenant. */
  readonly network: string | undefined;
  /** The problem and the next step, for people. */
  readonly message: string;
  readonly hint: string;
  /** Seconds since 1970: of the first and the last occurrence. */
  readonly firstAt: number;
  readonly lastAt: number;
  /** Number of occurrences in between. */
  readonly count: number;
}

export type NewNotice = Pick<TenantNotice, "code" | "network" | "message" | "hint">;

interface Kept {
  readonly notice: TenantNotice;
  readonly toldAt: number;
}

/**
 * Notices for tenants' administrators, in memory: each once, with a count. Those that must survive a restart are in the
 * audit log too.
 */
export class Notices {
  readonly #now: () => number;
  /** By tenant, then by code and network; the most recent is last in both. */
  readonly #kept = new Map<string, Map<string, Kept>>();

  /**
   * Creates the notices.
   *
   * @param now seconds since 1970
   */
  constructor(now: () => number) {
    this.#now = now;
  }

  /**
   * Adds an occurrence.
   *
   * @param count number of occurrences
   * @returns whether to report it elsewhere: at first, and then at most once a minute
   */
  add(tenant: string, notice: NewNotice, count = 1): boolean {
    const kept = this.#of(tenant);
    const { code, network, message, hint } = notice;
    const key = `${code} ${network ?? ""}`;
    const now = this.#now();
    const known = kept.get(key);
    const before = known !== undefined && now - known.notice.lastAt < EPISODE_SECONDS ? known : undefined;
    const isDue = before === undefined || now - before.toldAt >= TELL_SECONDS;
    kept.delete(key);
    kept.set(key, {
      notice: {
        code,
        network,
        message: message.slice(0, TEXT_LENGTH),
        hint: hint.slice(0, TEXT_LENGTH),
        firstAt: before?.notice.firstAt ?? now,
        lastAt: now,
        count: (before?.notice.count ?? 0) + count,
      },
      toldAt: isDue ? now : before.toldAt,
    });
    if (kept.size > KEPT) {
      const [oldest] = kept.keys();
      if (oldest !== undefined) kept.delete(oldest);
    }
    return isDue;
  }

  /** Returns a tenant's notices, the newest first. */
  of(tenant: string): TenantNotice[] {
    return [...(this.#kept.get(tenant)?.values() ?? [])].map(({ notice }) => notice).reverse();
  }

  /** Forgets a deleted tenant. */
  forget(tenant: string): void {
    this.#kept.delete(tenant);
  }

  #of(tenant: string): Map<string, Kept> {
    const kept = this.#kept.get(tenant) ?? new Map<string, Kept>();
    this.#kept.delete(tenant);
    this.#kept.set(tenant, kept);
    if (this.#kept.size > TENANTS) {
      const [longestAgo] = this.#kept.keys();
      if (longestAgo !== undefined) this.#kept.delete(longestAgo);
    }
    return kept;
  }
}
