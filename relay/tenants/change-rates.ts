import { RateLimited } from "../model/faults.ts";
import type { Limits } from "./limits.ts";

/** Period of the limit in seconds; a minute's changes may come at once after silence. */
const MINUTE = 60;

/** Number of buckets above which full ones are removed. */
const BUCKETS = 1_000;

/** Changes by a tenant's administrators, and enrolments of devices; each has its own bucket. */
export type ChangeKind = "change" | "enrolment";

interface Bucket {
  left: number;
  /** Seconds since 1970. */
  at: number;
}

/** Limits each tenant's changes by token buckets, because each is written to disk while everything else waits. */
export class ChangeRates {
  readonly #limits: Limits;
  readonly #now: () => number;
  readonly #buckets = new Map<string, Bucket>();

  /**
   * Creates the rates.
   *
   * @param now seconds since 1970
   */
  constructor(limits: Limits, now: () => number) {
    this.#limits = limits;
    this.#now = now;
  }

  /** Counts a change of a tenant. @throws RateLimited `rate.limited` if it exceeds the rate */
  demand(tenant: string, kind: ChangeKind): void {
    const limit = this.#limits.value(tenant, "changes_per_minute", {});
    if (limit === null) return;
    const now = this.#now();
    const key = `${kind} ${tenant}`;
    const before = this.#buckets.get(key) ?? { left: limit, at: now };
    const left = Math.min(limit, before.left + (Math.max(0, now - before.at) * limit) / MINUTE);
    const isEnough = left >= 1;
    this.#buckets.set(key, { left: isEnough ? left - 1 : left, at: now });
    if (this.#buckets.size > BUCKETS) this.#forgetFull(now);
    if (isEnough) return;
    this.#limits.reached(tenant, "changes_per_minute");
    const wait = limit === 0 ? MINUTE : Math.ceil(((1 - left) * MINUTE) / limit);
    throw new RateLimited(
      wait,
      this.#limits.explain(tenant, "changes_per_minute").message,
      "or have the relay's administrator raise 'changes_per_minute'",
    );
  }

  /** A bucket unused for a minute is full, like a new one. */
  #forgetFull(now: number): void {
    for (const [key, { at }] of this.#buckets) if (now - at >= MINUTE) this.#buckets.delete(key);
  }
}
