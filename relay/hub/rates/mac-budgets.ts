import type { LimitName } from "../../../shared/api/resources/limits.ts";
import { Budget } from "../../../shared/switch/budget.ts";
import type { Grant } from "../../model/grants.ts";
import type { Network } from "../../model/model.ts";
import type { Limits, Where } from "../../tenants/limits.ts";
import type { NewNotice } from "../../tenants/notices.ts";
import { RESERVED } from "../limits.ts";
import { SessionMacs } from "../session/session-macs.ts";

interface Shared {
  readonly tenant: string;
  readonly name: LimitName;
  readonly where: Where;
  readonly budget: Budget;
}

/** The largest number of MAC addresses that a client accepts (docs/protocol.md, `limits`). */
const MOST_TOLD = 1_048_576;

/** The budgets that sessions share: each tenant's and each network's. */
export class MacBudgets {
  readonly #limits: Limits;
  readonly #relay: Budget;
  readonly #tenants = new Map<string, Shared>();
  readonly #networks = new Map<number, Shared>();
  /** Increments whenever limits change. */
  #version = 0;

  /**
   * Creates the budgets.
   *
   * @param relay limit of all tenants together, in addresses
   */
  constructor(limits: Limits, relay: number) {
    this.#limits = limits;
    this.#relay = new Budget(relay);
    limits.onChanged(() => {
      this.#version++;
    });
  }

  /** Returns the budgets of a session, by its credentials and the limits. */
  ofSession(grant: Grant): SessionMacs {
    let known = 0;
    let version = -1;
    // A function, because it depends on all networks; it only changes with the limits.
    const limit = () => {
      if (version === this.#version) return known;
      version = this.#version;
      known = this.#limitOf(grant);
      return known;
    };
    return new SessionMacs({ tenant: grant.tenant, limit, within: this.#ofTenant(grant.tenant) });
  }

  /** Returns the budget of a session's port in a network. */
  ofPort(session: SessionMacs, grant: Grant, network: Network): Budget {
    const { budget } = this.#ofNetwork(network.tenant, network.vni, network.name);
    return session.ofPort(network.vni, network.name, () => this.#limitIn(grant, network), budget);
  }

  /** Returns the number of MAC addresses that a session is told it may have. */
  limitOf({ budget }: SessionMacs): number {
    return Math.max(1, Math.min(budget.own, MOST_TOLD));
  }

  /** Returns the budget of a port on the underlay, which has no session behind it. @param limit its own */
  ofUnderlayPort({ tenant, vni, name: network }: Network, limit: number): Budget {
    return new Budget(limit, [this.#ofTenant(tenant), this.#ofNetwork(tenant, vni, network).budget]);
  }

  /** Returns the number of addresses learned and registered in all of a tenant's networks. */
  usedBy(tenant: string): number {
    return this.#tenants.get(tenant)?.budget.used ?? 0;
  }

  /** Releases the budget of a network without ports. */
  release({ vni }: Network): void {
    this.#networks.delete(vni);
  }

  /** Notifies tenants' administrators of refused addresses. Call it about once a second. */
  tick(): void {
    for (const shared of this.#tenants.values()) this.#tell(shared);
    for (const shared of this.#networks.values()) this.#tell(shared);
  }

  /**
   * Returns which limit a session's further addresses met since the last call; of several, its own first.
   *
   * @param who the session's name for people
   * @returns `isOwn`: whether it is the session's own limit, which {@link tick} does not report
   */
  takeRefusal(session: SessionMacs, who: string): { notice: NewNotice; isOwn: boolean } | undefined {
    const refusal = session.takeRefusal(who);
    if (refusal === undefined) return undefined;
    if ("code" in refusal) return { notice: refusal, isOwn: true };
    const { shared: network } = refusal;
    const notice =
      network === undefined
        ? this.#limits.explain(session.tenant, "macs")
        : this.#limits.explain(session.tenant, "network_macs", { network });
    return { notice, isOwn: false };
  }

  #tell({ tenant, name, where, budget }: Shared): void {
    const { own } = budget.takeRefusals();
    if (own > 0) this.#limits.reached(tenant, name, where, own);
  }

  /** Returns the limit of a session in one network. */
  #limitIn({ tenant, macs }: Grant, { id, name: network }: Network): number {
    const own =
      macs.get(id) ??
      this.#limits.value(tenant, "network_session_macs", { network }) ??
      this.#limits.value(tenant, "session_macs", {});
    return own ?? Number.POSITIVE_INFINITY;
  }

  /** Returns the limit of a session in all its networks: the highest of its limits in one network. */
  #limitOf(grant: Grant): number {
    const { tenant, networks } = grant;
    if (networks.length === 0)
      return this.#limits.value(tenant, "session_macs", {}) ?? Number.POSITIVE_INFINITY;
    return Math.max(...networks.map((network) => this.#limitIn(grant, network)));
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
