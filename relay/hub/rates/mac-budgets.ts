import type { LimitName } from "../../../shared/api/resources/limits.ts";
import { Budget } from "../../../shared/switch/budget.ts";
import type { Network } from "../../model/model.ts";
import type { Limits, Where } from "../../tenants/limits.ts";
import type { NewNotice } from "../../tenants/notices.ts";
import type { Grant } from "../../tenants/tenants.ts";
import { RESERVED } from "../limits.ts";
import { SessionMacs } from "../session/session-macs.ts";

interface Shared {
  readonly tenant: string;
  readonly name: LimitName;
  readonly where: Where;
  readonly budget: Budget;
}

/** What a client takes for a number of MAC addresses (docs/protocol.md, `limits`). */
const MOST_TOLD = 1_048_576;

/** The budgets that sessions share: each tenant's and each network's. */
export class MacBudgets {
  readonly #limits: Limits;
  readonly #relay: Budget;
  readonly #tenants = new Map<string, Shared>();
  readonly #networks = new Map<number, Shared>();
  /** Grows whenever limits change. */
  #version = 0;

  /** @param relay what all tenants together may have, in addresses */
  constructor(limits: Limits, relay: number) {
    this.#limits = limits;
    this.#relay = new Budget(relay);
    limits.onChanged(() => {
      this.#version++;
    });
  }

  /** Those of a session, by what its credentials and the limits say. */
  ofSession(grant: Grant): SessionMacs {
    let known = 0;
    let version = -1;
    // Asked for each address: it depends on all networks, and changes with the limits alone.
    const limit = () => {
      if (version === this.#version) return known;
      version = this.#version;
      known = this.#limitOf(grant);
      return known;
    };
    return new SessionMacs({ tenant: grant.tenant, limit, within: this.#ofTenant(grant.tenant) });
  }

  /** Of a session's port in a network. */
  ofPort(session: SessionMacs, grant: Grant, network: Network): Budget {
    const { budget } = this.#ofNetwork(network.tenant, network.vni, network.name);
    return session.ofPort(network.vni, network.name, () => this.#limitIn(grant, network), budget);
  }

  /** Number of MAC addresses that a session is told it may have. */
  toldTo({ budget }: SessionMacs): number {
    return Math.max(1, Math.min(budget.own, MOST_TOLD));
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
   * Returns which limit a session's further addresses met since the last call; of several, its own first.
   *
   * @param who what people know the session by
   * @returns `isOwn`: whether it is the session's, of which {@link tick} tells nobody
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

  /** What a session may have in one network. */
  #limitIn({ tenant, macs }: Grant, { id, name: network }: Network): number {
    const own =
      macs.get(id) ??
      this.#limits.value(tenant, "network_session_macs", { network }) ??
      this.#limits.value(tenant, "session_macs", {});
    return own ?? Number.POSITIVE_INFINITY;
  }

  /** What a session may have in all its networks: what it may in the one where that is most. */
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
