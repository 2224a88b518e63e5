import type { MacBudget } from "../../shared/switch/port.ts";
import type { LimitName, Limits } from "../tenants/limits.ts";
import type { Network } from "../tenants/model.ts";

/** A budget within others: what is used of it is used of them, and there is no more room than in any of them. */
export class SharedMacBudget implements MacBudget {
  readonly #own: () => number;
  readonly #within: readonly MacBudget[];
  #used = 0;

  /** @param own its own limit, whatever that is at the time */
  constructor(own: () => number, within: readonly MacBudget[]) {
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
}

interface Shared {
  readonly tenant: string;
  readonly name: LimitName;
  readonly budget: MacBudget;
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
  ofSession(tenant: string, limit: number): MacBudget {
    return new SharedMacBudget(() => limit, [this.#ofTenant(tenant)]);
  }

  /** Of a session's port in a network. */
  ofPort(session: MacBudget, { tenant, vni }: Network): MacBudget {
    let shared = this.#networks.get(vni);
    if (shared === undefined) {
      shared = this.#share(tenant, "network_macs");
      this.#networks.set(vni, shared);
    }
    return new SharedMacBudget(() => Number.POSITIVE_INFINITY, [session, shared.budget]);
  }

  /** Nobody is in the network any more. */
  release({ vni }: Network): void {
    this.#networks.delete(vni);
  }

  /** Has those that are full told to the tenants' administrators; to be called about once a second. */
  tick(): void {
    for (const shared of this.#tenants.values()) this.#tell(shared);
    for (const shared of this.#networks.values()) this.#tell(shared);
  }

  #tell({ tenant, name, budget }: Shared): void {
    if (budget.used > 0) this.#limits.allows(tenant, name, budget.used);
  }

  #ofTenant(tenant: string): MacBudget {
    let shared = this.#tenants.get(tenant);
    if (shared === undefined) {
      shared = this.#share(tenant, "macs");
      this.#tenants.set(tenant, shared);
    }
    return shared.budget;
  }

  #share(tenant: string, name: LimitName): Shared {
    const own = () => this.#limits.of(tenant)[name] ?? Number.POSITIVE_INFINITY;
    return { tenant, name, budget: new SharedMacBudget(own, []) };
  }
}
