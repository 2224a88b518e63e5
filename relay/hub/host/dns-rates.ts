import { TokenBucket } from "../../../shared/switch/guards/token-bucket.ts";
import type { Limits } from "../../tenants/limits.ts";
import { FairBucket, type Share } from "../rates/fair-bucket.ts";

/** Burst size in seconds of the rate: machines send several queries when they start. */
const BURST_SECONDS = 0.5;
/** Minimum burst size in queries. */
const LEAST_BURST = 20;

interface TenantRate {
  /** Undefined if the tenant has no limit. */
  readonly bucket: TokenBucket | undefined;
  /** The tenant's share of the relay's total rate. */
  readonly share: Share;
  /** Number of unanswered queries since the last tick because the tenant exceeded its rate. */
  refused: number;
}

/**
 * Limits the rate of DNS queries that the hub answers: each tenant by its limit `dns_queries_per_second`, and all
 * together by the relay's. Tenants have equal shares, so a quiet tenant is answered whatever the others ask.
 */
export class DnsRates {
  readonly #limits: Limits;
  readonly #clock: () => number;
  readonly #relay: FairBucket;
  readonly #tenants = new Map<string, TenantRate>();

  /**
   * Creates the rates.
   *
   * @param perSecond for all tenants together
   * @param clock monotonic seconds with fractions
   */
  constructor(limits: Limits, perSecond: number, clock: () => number) {
    this.#limits = limits;
    this.#clock = clock;
    this.#relay = new FairBucket(perSecond, perSecond * BURST_SECONDS, clock);
    limits.onChanged((tenant) => this.#forget(tenant));
  }

  /** Counts one query in a network of a tenant. @returns whether it may be answered */
  take(tenant: string): boolean {
    const rate = this.#of(tenant);
    if (rate.bucket?.take(this.#clock()) === false) {
      rate.refused++;
      return false;
    }
    const { share } = rate;
    if (share.tokens <= 0 && !share.ask()) return false;
    share.tokens--;
    return true;
  }

  /** Notifies tenants' administrators of unanswered queries. Call it about once a second. */
  tick(): void {
    this.#relay.tick();
    for (const [tenant, rate] of this.#tenants) {
      if (rate.refused > 0) this.#limits.reached(tenant, "dns_queries_per_second", {}, rate.refused);
      rate.refused = 0;
    }
  }

  #forget(tenant: string): void {
    const rate = this.#tenants.get(tenant);
    if (rate === undefined) return;
    this.#relay.leave(rate.share);
    this.#tenants.delete(tenant);
  }

  #of(tenant: string): TenantRate {
    let rate = this.#tenants.get(tenant);
    if (rate === undefined) {
      const limit = this.#limits.value(tenant, "dns_queries_per_second", {});
      const burst = limit === 0 ? 0 : Math.max(LEAST_BURST, (limit ?? 0) * BURST_SECONDS);
      const bucket = limit === null ? undefined : new TokenBucket(limit, burst, this.#clock());
      rate = { bucket, share: this.#relay.join(tenant), refused: 0 };
      this.#tenants.set(tenant, rate);
    }
    return rate;
  }
}
