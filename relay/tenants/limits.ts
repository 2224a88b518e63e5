import { Fault } from "../../shared/fault.ts";
import type { AuditLog } from "./audit-log.ts";
import { type Actor, RELAY } from "./model.ts";
import type { Store } from "./store.ts";

/**
 * What a tenant may have before the relay's administrator says otherwise; null is without a limit. All are far above
 * what one site needs and far below what would slow down the others.
 */
export const DEFAULT_LIMITS = {
  networks: 1_000,
  devices: 10_000,
  tokens: 10_000,
  /** Invites that would still let somebody in. */
  invites: 10_000,
  sessions: 20_000,
  /** MAC addresses learnt, of all sessions together. */
  macs: 200_000,
  /** From here on, of each network. */
  network_devices: 10_000,
  network_sessions: 20_000,
  network_macs: 100_000,
} as const satisfies Readonly<Record<string, number | null>>;

export type LimitName = keyof typeof DEFAULT_LIMITS;
export type TenantLimits = Readonly<Record<LimitName, number | null>>;

export const LIMIT_NAMES = Object.keys(DEFAULT_LIMITS) as readonly LimitName[];

/** Seconds between two notices of the same limit. */
const NOTICE_SECONDS = 60;

/** How much each tenant may have. */
export class Limits {
  readonly #store: Store;
  readonly #audit: AuditLog;
  readonly #now: () => number;
  readonly #cache = new Map<string, TenantLimits>();
  /** When the audit log was told last, by tenant and limit. */
  readonly #noticed = new Map<string, number>();

  /** @param now seconds since 1970 */
  constructor(store: Store, audit: AuditLog, now: () => number) {
    this.#store = store;
    this.#audit = audit;
    this.#now = now;
  }

  of(tenant: string): TenantLimits {
    let limits = this.#cache.get(tenant);
    if (limits === undefined) {
      const set = this.#store.limits.of(tenant);
      const value = (name: LimitName) => (set.has(name) ? (set.get(name) ?? null) : DEFAULT_LIMITS[name]);
      limits = Object.fromEntries(LIMIT_NAMES.map((name) => [name, value(name)])) as TenantLimits;
      this.#cache.set(tenant, limits);
    }
    return limits;
  }

  change(tenant: string, changes: Partial<TenantLimits>, by: Actor): TenantLimits {
    for (const name of LIMIT_NAMES) {
      const value = changes[name];
      if (value === undefined) continue;
      this.#audit.change(
        { tenant, by, action: "limit.change", object: `${name} ${value ?? "unlimited"}` },
        () => this.#store.limits.set(tenant, name, value),
      );
    }
    this.forget(tenant);
    return this.of(tenant);
  }

  /** Whether somebody who has `have` of these may have one more; where not, the tenant's administrator is told. */
  allows(tenant: string, name: LimitName, have: number): boolean {
    const limit = this.of(tenant)[name];
    if (limit === null || have < limit) return true;
    this.#notice(tenant, name, limit);
    return false;
  }

  /** @throws Fault `limit.<name>` unless {@link allows} */
  demand(tenant: string, name: LimitName, have: number): void {
    if (this.allows(tenant, name, have)) return;
    throw new Fault({
      code: limitCode(name),
      message: `tenant '${tenant}' has reached its limit of ${this.of(tenant)[name]} ${words(name)}`,
      hint: `Remove what is no longer used, or have the relay's administrator raise '${name}'.`,
    });
  }

  /** Reads a tenant's limits anew: it was deleted, or they were changed. */
  forget(tenant: string): void {
    this.#cache.delete(tenant);
  }

  #notice(tenant: string, name: LimitName, limit: number): void {
    const key = `${tenant} ${name}`;
    const last = this.#noticed.get(key);
    const now = this.#now();
    if (last !== undefined && now - last < NOTICE_SECONDS) return;
    this.#noticed.set(key, now);
    this.#audit.note({ tenant, by: RELAY, action: "limit.reached", object: `${name} ${limit}` });
  }
}

/** The code of an error that tells of a limit: `limit.network-devices`. */
export function limitCode(name: LimitName): string {
  return `limit.${name.replaceAll("_", "-")}`;
}

function words(name: LimitName): string {
  return name.startsWith("network_") ? `${name.slice("network_".length)} in one network` : name;
}
