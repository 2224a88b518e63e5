import {
  DEFAULT_LIMITS,
  INHERIT,
  LIMIT_NAMES,
  type LimitName,
  NETWORK_LIMIT_NAMES,
  type NetworkLimitName,
  type NetworkLimits,
  type NetworkLimitsChange,
  type TenantLimits,
} from "../../shared/api/resources/limits.ts";
import { Fault } from "../../shared/values/fault.ts";
import { type Actor, type Network, RELAY } from "../model/model.ts";
import type { Store } from "../store/store.ts";
import type { AuditLog } from "./audit-log.ts";
import type { NewNotice, Notices } from "./notices.ts";

interface Known {
  readonly limits: TenantLimits;
  /** What networks have of their own, by their names. */
  readonly networks: ReadonlyMap<string, ReadonlyMap<string, number | null>>;
}

/** Of a tenant whose limits could not be read yet. */
const NONE_SET: Known = { limits: DEFAULT_LIMITS, networks: new Map() };

/** Which network of the tenant a limit was reached in, where it is one of each network. */
export interface Where {
  readonly network?: string | undefined;
}

/** How much each tenant may have. */
export class Limits {
  readonly #store: Store;
  readonly #audit: AuditLog;
  readonly #notices: Notices;
  readonly #cache = new Map<string, Known>();
  /** Tenants whose limits have to be read again. */
  readonly #stale = new Set<string>();
  readonly #changeListeners = new Set<(tenant: string) => void>();
  readonly #reachedListeners = new Set<(tenant: string, notice: NewNotice) => void>();

  constructor(store: Store, audit: AuditLog, notices: Notices) {
    this.#store = store;
    this.#audit = audit;
    this.#notices = notices;
  }

  /** Has `listener` told of every tenant whose limits are others from now on. */
  onChanged(listener: (tenant: string) => void): void {
    this.#changeListeners.add(listener);
  }

  /** Has `listener` told of limits that are reached: of each once, and then once a minute at most while it goes on. */
  onReached(listener: (tenant: string, notice: NewNotice) => void): void {
    this.#reachedListeners.add(listener);
  }

  of(tenant: string): TenantLimits {
    return this.#known(tenant).limits;
  }

  /** What goes for one network, be it its own or its tenant's. */
  in({ tenant, name: network }: Network): NetworkLimits {
    const value = (name: NetworkLimitName) => this.value(tenant, name, { network });
    return Object.fromEntries(NETWORK_LIMIT_NAMES.map((name) => [name, value(name)])) as NetworkLimits;
  }

  /** What goes there; null is without a limit. */
  value(tenant: string, name: LimitName, { network }: Where): number | null {
    const { limits, networks } = this.#known(tenant);
    const own = network === undefined ? undefined : networks.get(network)?.get(name);
    return own === undefined ? limits[name] : own;
  }

  /** Whether a network has limits of its own. */
  hasOwn({ tenant, name }: Network): boolean {
    return this.#known(tenant).networks.has(name);
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

  changeIn(network: Network, changes: NetworkLimitsChange, by: Actor): NetworkLimits {
    const { tenant, id } = network;
    for (const name of NETWORK_LIMIT_NAMES) {
      const value = changes[name];
      if (value === undefined) continue;
      const object = `${name} ${value ?? "unlimited"} ${network.name}`;
      this.#audit.change({ tenant, by, action: "limit.change", object }, () => {
        if (value === INHERIT) this.#store.limits.unsetIn(id, name);
        else this.#store.limits.setIn(id, name, value);
      });
    }
    this.forget(tenant);
    return this.in(network);
  }

  /** Whether somebody who has `have` of these may have one more; where not, the tenant's administrator is told. */
  allows(tenant: string, name: LimitName, have: number, where: Where = {}): boolean {
    const limit = this.value(tenant, name, where);
    if (limit === null || have < limit) return true;
    this.reached(tenant, name, where);
    return false;
  }

  /** @throws Fault `limit.<name>` unless {@link allows} */
  demand(tenant: string, name: LimitName, have: number, where: Where = {}): void {
    if (!this.allows(tenant, name, have, where)) throw new Fault(this.explain(tenant, name, where));
  }

  /** What whoever runs into a limit is told: which it is, how much that is, and what to do. */
  explain(tenant: string, name: LimitName, where: Where = {}): NewNotice {
    const { network } = where;
    const whose = network === undefined ? `tenant '${tenant}'` : `network '${network}'`;
    const remedy = isRate(name) ? "Send less" : "Remove what is no longer used";
    return {
      code: limitCode(name),
      network,
      message: `${whose} has reached its limit of ${this.value(tenant, name, where)} ${words(name, network)}`,
      hint: `${remedy}, or have the relay's administrator raise '${name}'.`,
    };
  }

  /**
   * Tells the tenant's administrator that there was not enough. Called on the way of frames: waits for nothing, never throws.
   *
   * @param count for how many
   */
  reached(tenant: string, name: LimitName, where: Where = {}, count = 1): void {
    const notice = this.explain(tenant, name, where);
    if (!this.#notices.add(tenant, notice, count)) return;
    const object = [
      name,
      this.value(tenant, name, where),
      ...(where.network === undefined ? [] : [where.network]),
    ];
    this.#audit.noteLater({ tenant, by: RELAY, action: "limit.reached", object: object.join(" ") });
    for (const listener of this.#reachedListeners) listener(tenant, notice);
  }

  /** Reads a tenant's limits anew: they were changed, or a network with limits of its own was. */
  forget(tenant: string): void {
    if (this.#cache.has(tenant)) this.#stale.add(tenant);
    for (const listener of this.#changeListeners) listener(tenant);
  }

  /** The tenant is gone. */
  remove(tenant: string): void {
    this.#cache.delete(tenant);
    this.#stale.delete(tenant);
    for (const listener of this.#changeListeners) listener(tenant);
  }

  #known(tenant: string): Known {
    const known = this.#cache.get(tenant);
    if (known !== undefined && !this.#stale.has(tenant)) return known;
    const read = this.#store.health.attempt("read limits", () => this.#read(tenant));
    // Frames go on by what was known; a later call tries again.
    if (read === undefined) return known ?? NONE_SET;
    this.#stale.delete(tenant);
    this.#cache.set(tenant, read);
    return read;
  }

  #read(tenant: string): Known {
    const set = this.#store.limits.of(tenant);
    const value = (name: LimitName) => (set.has(name) ? (set.get(name) ?? null) : DEFAULT_LIMITS[name]);
    const limits = Object.fromEntries(LIMIT_NAMES.map((name) => [name, value(name)])) as TenantLimits;
    return { limits, networks: this.#store.limits.inNetworksOf(tenant) };
  }
}

/** The code of an error that tells of a limit: `limit.network-devices`. */
export function limitCode(name: LimitName): string {
  return `limit.${name.replaceAll("_", "-")}`;
}

function isRate(name: LimitName): boolean {
  return /_per_(?:second|minute)$/.test(name);
}

function words(name: LimitName, network: string | undefined): string {
  const what = name
    .replace(/^network_/, "")
    .replaceAll("_", " ")
    .replace(/^dns /, "DNS ");
  return name.startsWith("network_") && network === undefined ? `${what} in one network` : what;
}
