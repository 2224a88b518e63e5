import { Budget } from "../../shared/switch/budget.ts";
import type { Network } from "../model/model.ts";
import type { Limits } from "../tenants/limits.ts";
import { NETWORK_LIMITS, RELAY_LIMITS, RESERVED, TENANT_LIMITS } from "./limits.ts";

/**
 * Kinds of bounded entries: IP addresses in neighbour tables, multicast memberships, MAC addresses with a history of
 * moves, and bytes of packets that wait in routers. (MAC addresses themselves: mac-budgets.ts.)
 */
type Kind = "neighbours" | "groups" | "histories" | "waiting";

/** Budgets of one network's tables, within those of its tenant and the relay. */
export type NetworkBudgets = Readonly<Record<Kind, Budget>>;

interface TenantBudgets {
  readonly budgets: NetworkBudgets;
  /** Number of open networks. */
  networks: number;
}

/** The kinds that are limits of a tenant. */
const SET = ["neighbours", "groups"] as const;

/** The budgets of networks' tables: each network's is within its tenant's, and all are within the relay's. */
export class TableBudgets {
  readonly #limits: Limits;
  readonly #relay: NetworkBudgets = {
    neighbours: new Budget(RELAY_LIMITS.neighbours),
    groups: new Budget(RELAY_LIMITS.groups),
    histories: new Budget(RELAY_LIMITS.histories),
    waiting: new Budget(RELAY_LIMITS.waitingBytes),
  };
  readonly #tenants = new Map<string, TenantBudgets>();

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  /** Returns the number of entries in the tables of a tenant's networks. */
  usedBy(tenant: string): Readonly<Record<(typeof SET)[number], number>> {
    const budgets = this.#tenants.get(tenant)?.budgets;
    return { neighbours: budgets?.neighbours.used ?? 0, groups: budgets?.groups.used ?? 0 };
  }

  /** Returns the budgets of a network, until {@link close} returns them. */
  open({ tenant }: Network): NetworkBudgets {
    const whole = this.#ofTenant(tenant);
    whole.networks++;
    const { neighbours, groups, histories, waiting } = whole.budgets;
    return {
      neighbours: new Budget(NETWORK_LIMITS.neighbours, [neighbours]),
      groups: new Budget(NETWORK_LIMITS.groups, [groups]),
      histories: new Budget(NETWORK_LIMITS.histories, [histories]),
      waiting: new Budget(TENANT_LIMITS.waitingBytes, [waiting]),
    };
  }

  /** Returns all that a network's tables took; they must not be used afterwards. */
  close({ tenant }: Network, budgets: NetworkBudgets): void {
    for (const budget of Object.values(budgets)) budget.close();
    const whole = this.#tenants.get(tenant);
    if (whole === undefined || --whole.networks > 0) return;
    for (const budget of Object.values(whole.budgets)) budget.close();
    this.#tenants.delete(tenant);
  }

  /** Tells tenants' administrators which limits were reached; call it about once a second. */
  tick(): void {
    for (const [tenant, { budgets }] of this.#tenants) {
      for (const name of SET) {
        const { own } = budgets[name].takeRefusals();
        if (own > 0) this.#limits.reached(tenant, name, {}, own);
      }
    }
  }

  #ofTenant(tenant: string): TenantBudgets {
    let whole = this.#tenants.get(tenant);
    if (whole === undefined) {
      const limit = (name: (typeof SET)[number]) => () =>
        this.#limits.value(tenant, name, {}) ?? Number.POSITIVE_INFINITY;
      const budgets = {
        neighbours: new Budget(limit("neighbours"), [this.#relay.neighbours], RESERVED.neighbours),
        groups: new Budget(limit("groups"), [this.#relay.groups], RESERVED.groups),
        histories: new Budget(TENANT_LIMITS.histories, [this.#relay.histories], RESERVED.histories),
        waiting: new Budget(TENANT_LIMITS.waitingBytes, [this.#relay.waiting], RESERVED.waitingBytes),
      };
      whole = { budgets, networks: 0 };
      this.#tenants.set(tenant, whole);
    }
    return whole;
  }
}
