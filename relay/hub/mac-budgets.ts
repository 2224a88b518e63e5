import type { MacBudget } from "../../shared/switch/port.ts";
import type { LimitName, Limits, Where } from "../tenants/limits.ts";
import type { Network } from "../tenants/model.ts";
import type { NewNotice } from "../tenants/notices.ts";

/** A budget within others: what is used of it is used of them, and there is no more room than in any of them. */
export class SharedMacBudget implements MacBudget {
  readonly #own: () => number;
  readonly #within: readonly SharedMacBudget[];
  #used = 0;
  #refusals = 0;
  #allRefusals = 0;

  /** @param own its own limit, whatever that is at the time */
  constructor(own: () => number, within: readonly SharedMacBudget[]) {
    this.#own = own;
    this.#within = within;
  }

  get used(): number {
    return this.#used;
  }

  set used(value: number) {
    const more = value - this.#used;
    this.#used = value;
    for (const budget of this.#within) budget.used += more;
  }

  get limit(): number {
    let room = this.#own() - this.#used;
    for (const budget of this.#within) room = Math.min(room, budget.limit - budget.used);
    return this.#used + room;
  }

  refused(): void {
    this.#allRefusals++;
    if (this.#used >= this.#own()) this.#refusals++;
    for (const budget of this.#within) budget.refused();
  }

  /** Addresses refused since this was asked last: for want of room here, and here or in one that it is within. */
  takeRefusals(): { readonly own: number; readonly all: number } {
    const refusals = { own: this.#refusals, all: this.#allRefusals };
    this.#refusals = 0;
    this.#allRefusals = 0;
    return refusals;
  }
}

interface Shared {
  readonly tenant: string;
  readonly name: LimitName;
  readonly where: Where;
  readonly budget: SharedMacBudget;
}

/** A session's own. */
export interface SessionMacs {
  readonly tenant: string;
  readonly limit: number;
  readonly budget: SharedMacBudget;
  /** Those of the networks that it has been in. */
  readonly networks: Map<number, Shared>;
}

/** The budgets that sessions share: each tenant's and each network's. */
export class MacBudgets {
  readonly #limits: Limits;
  readonly #tenants = new Map<string, Shared>();
  readonly #networks = new Map<number, Shared>();

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  /** Of a session of that tenant. @param limit its own */
  ofSession(tenant: string, limit: number): SessionMacs {
    return {
      tenant,
      limit,
      budget: new SharedMacBudget(() => limit, [this.#ofTenant(tenant)]),
      networks: new Map(),
    };
  }

  /** Of a session's port in a network. */
  ofPort(session: SessionMacs, { tenant, vni, name: network }: Network): MacBudget {
    let shared = this.#networks.get(vni);
    if (shared === undefined) {
      shared = this.#share(tenant, "network_macs", { network });
      this.#networks.set(vni, shared);
    }
    session.networks.set(vni, shared);
    return new SharedMacBudget(() => Number.POSITIVE_INFINITY, [session.budget, shared.budget]);
  }

  /** Nobody is in the network any more. */
  release({ vni }: Network): void {
    this.#networks.delete(vni);
  }

  /** Has it told to the tenants' administrators where there was no room; to be called about once a second. */
  tick(): void {
    for (const shared of this.#tenants.values()) this.#tell(shared);
    for (const shared of this.#networks.values()) this.#tell(shared);
  }

  /**
   * Which limit a session's further addresses met since this was asked last; of several, its own first.
   *
   * @returns `isOwn`: whether it is the session's, of which {@link tick} tells nobody
   */
  takeRefusal({
    tenant,
    limit,
    budget,
    networks,
  }: SessionMacs): { notice: NewNotice; isOwn: boolean } | undefined {
    const { own, all } = budget.takeRefusals();
    if (all === 0) return undefined;
    const isOwn = own > 0;
    if (!isOwn) {
      const isOfTenant = budget.used >= budget.limit;
      const full = [...networks.values()].find((one) => one.budget.used >= one.budget.limit);
      const notice = isOfTenant
        ? this.#limits.explain(tenant, "macs")
        : this.#limits.explain(tenant, "network_macs", full?.where);
      return { notice, isOwn };
    }
    const notice = {
      code: "limit.session-macs",
      network: undefined,
      message: `a session has reached its limit of ${limit} MAC addresses`,
      hint: "Look there for a machine that makes addresses up, or split what is behind it among several sessions.",
    };
    return { notice, isOwn };
  }

  #tell({ tenant, name, where, budget }: Shared): void {
    const { own } = budget.takeRefusals();
    if (own > 0) this.#limits.reached(tenant, name, where, own);
  }

  #ofTenant(tenant: string): SharedMacBudget {
    let shared = this.#tenants.get(tenant);
    if (shared === undefined) {
      shared = this.#share(tenant, "macs", {});
      this.#tenants.set(tenant, shared);
    }
    return shared.budget;
  }

  #share(tenant: string, name: LimitName, where: Where): Shared {
    const own = () => this.#limits.value(tenant, name, where) ?? Number.POSITIVE_INFINITY;
    return { tenant, name, where, budget: new SharedMacBudget(own, []) };
  }
}
