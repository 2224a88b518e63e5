import { Budget } from "../../shared/switch/budget.ts";
import type { LimitName, Limits, Where } from "../tenants/limits.ts";
import type { Network } from "../tenants/model.ts";
import type { NewNotice } from "../tenants/notices.ts";
import { RESERVED } from "./limits.ts";

interface Shared {
  readonly tenant: string;
  readonly name: LimitName;
  readonly where: Where;
  readonly budget: Budget;
}

/** A session's own. */
export interface SessionMacs {
  readonly tenant: string;
  readonly limit: number;
  readonly budget: Budget;
  /** Those of the networks that it has been in. */
  readonly networks: Map<number, Shared>;
}

/** The budgets that sessions share: each tenant's and each network's. */
export class MacBudgets {
  readonly #limits: Limits;
  readonly #relay: Budget;
  readonly #tenants = new Map<string, Shared>();
  readonly #networks = new Map<number, Shared>();

  /** @param relay what all tenants together may have, in addresses */
  constructor(limits: Limits, relay: number) {
    this.#limits = limits;
    this.#relay = new Budget(relay);
  }

  /** Of a session of that tenant. @param limit its own */
  ofSession(tenant: string, limit: number): SessionMacs {
    return {
      tenant,
      limit,
      budget: new Budget(() => limit, [this.#ofTenant(tenant)]),
      networks: new Map(),
    };
  }

  /** Of a session's port in a network. */
  ofPort(session: SessionMacs, { tenant, vni, name: network }: Network): Budget {
    const shared = this.#ofNetwork(tenant, vni, network);
    session.networks.set(vni, shared);
    return new Budget(() => Number.POSITIVE_INFINITY, [session.budget, shared.budget]);
  }

  /** Of a port on the underlay, behind which there is no session. @param limit its own */
  ofUnderlayPort({ tenant, vni, name: network }: Network, limit: number): Budget {
    return new Budget(limit, [this.#ofTenant(tenant), this.#ofNetwork(tenant, vni, network).budget]);
  }

  /** Addresses learned and registered in all of a tenant's networks. */
  usedBy(tenant: string): number {
    return this.#tenants.get(tenant)?.budget.used ?? 0;
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

  #ofNetwork(tenant: string, vni: number, network: string): Shared {
    let shared = this.#networks.get(vni);
    if (shared === undefined) {
      shared = this.#share(tenant, "network_macs", { network }, []);
      this.#networks.set(vni, shared);
    }
    return shared;
  }

  #ofTenant(tenant: string): Budget {
    let shared = this.#tenants.get(tenant);
    if (shared === undefined) {
      shared = this.#share(tenant, "macs", {}, [this.#relay], RESERVED.macs);
      this.#tenants.set(tenant, shared);
    }
    return shared.budget;
  }

  #share(tenant: string, name: LimitName, where: Where, within: readonly Budget[], reserve = 0): Shared {
    const own = () => this.#limits.value(tenant, name, where) ?? Number.POSITIVE_INFINITY;
    return { tenant, name, where, budget: new Budget(own, within, reserve) };
  }
}
