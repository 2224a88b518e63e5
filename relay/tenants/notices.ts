/** Notices that are kept of a tenant: a page that a person reads. Those that were told longest ago go first. */
const KEPT = 100;

/** Tenants that have notices, at most: with {@link KEPT} of each, some 100 MiB. The one that had one longest ago goes. */
const TENANTS = 2_000;

/** Characters of a message or a hint at most: names of members stand in them. */
const TEXT_LENGTH = 512;

/** Seconds of silence after which the same notice counts as a new one. */
const EPISODE_SECONDS = 3_600;

/** Seconds between two times that somebody is told of the same notice. */
const TELL_SECONDS = 60;

/** Something that a tenant's administrator should know of, however often it has come up. */
export interface TenantNotice {
  /** Stable, dotted or dashed, for programs: `limit.devices`, `duplicate-mac`. */
  readonly code: string;
  /** The network that it is about, by name; undefined where it is about the tenant. */
  readonly network: string | undefined;
  /** What is the matter, and what to do about it: for people. */
  readonly message: string;
  readonly hint: string;
  /** Seconds since 1970: when it came up, and when last. */
  readonly firstAt: number;
  readonly lastAt: number;
  /** How often in between. */
  readonly count: number;
}

export type NewNotice = Pick<TenantNotice, "code" | "network" | "message" | "hint">;

interface Kept {
  readonly notice: TenantNotice;
  readonly toldAt: number;
}

/**
 * What tenants' administrators should know of, until the relay ends: each thing once, with how often. What has to
 * outlive the relay is in the audit log too.
 */
export class Notices {
  readonly #now: () => number;
  /** By tenant, then by code and network; what came up last is at the end of both. */
  readonly #kept = new Map<string, Map<string, Kept>>();

  /** @param now seconds since 1970 */
  constructor(now: () => number) {
    this.#now = now;
  }

  /**
   * Notes that something came up.
   *
   * @param count how often
   * @returns whether to tell of it elsewhere: at first, and then once a minute at most
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

  /** A tenant's, the newest first. */
  of(tenant: string): TenantNotice[] {
    return [...(this.#kept.get(tenant)?.values() ?? [])].map(({ notice }) => notice).reverse();
  }

  /** The tenant is gone. */
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
