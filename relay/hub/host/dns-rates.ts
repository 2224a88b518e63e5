import { TokenBucket } from "../../../shared/switch/guards/token-bucket.ts";
import type { Limits } from "../../tenants/limits.ts";
import { FairBucket, type Share } from "../rates/fair-bucket.ts";

/** Seconds' worth of questions that may come at once: machines ask several as they come up. */
const BURST_SECONDS = 0.5;
/** And at least so many. */
const LEAST_BURST = 20;

interface TenantRate {
  /** Undefined where the tenant has no limit. */
  readonly bucket: TokenBucket | undefined;
  /** Its part of what the relay answers in all. */
  readonly share: Share;
  /** Not answered since the last tick, as the tenant has asked too much. */
  refused: number;
}

/**
 * How many questions about names the hub answers: of each tenant by its limit `dns_queries_per_second`, and of all together by
 * the relay's, in which tenants have equal parts, so that those that ask little are answered whatever others ask.
 */
export class DnsRates {
  readonly #limits: Limits;
  readonly #clock: () => number;
  readonly #relay: FairBucket;
  readonly #tenants = new Map<string, TenantRate>();

  /**
   * @param perSecond of all tenants together
   * @param clock seconds with fractions, never going back
   */
  constructor(limits: Limits, perSecond: number, clock: () => number) {
    this.#limits = limits;
    this.#clock = clock;
    this.#relay = new FairBucket(perSecond, perSecond * BURST_SECONDS, clock);
    limits.onChanged((tenant) => this.#forget(tenant));
  }

  /** Counts one question in a network of a tenant. @returns whether it may be answered */
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

  /** Tells tenants' administrators of what was not answered; to be called about once a second. */
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
