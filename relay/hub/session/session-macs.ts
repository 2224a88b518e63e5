import { Budget } from "../../../shared/switch/budget.ts";
import type { NewNotice } from "../../tenants/notices.ts";

/** Share of a limit at which an early notice is given. */
const NEAR = 0.8;

/** Limits below this, in addresses, are meant to be used up, so there is no early notice. */
const LEAST_NEAR = 10;

/** Code of the early notice before `limit.session-macs`. */
const NEAR_CODE = "limit.session-macs-near";
const REACHED_CODE = "limit.session-macs";

const HINT =
  "Look there for a machine that makes addresses up. If so many are meant to be behind it, give it a token or an invite made " +
  "with --macs, or have the relay's administrator raise 'session-macs'.";

export interface SessionMacsOptions {
  readonly tenant: string;
  /** Returns how many MAC addresses it may have in all its networks; asked each time, because limits change. */
  readonly limit: () => number;
  /** Budget of all sessions of its tenant. */
  readonly within: Budget;
}

/** Budgets that a session's ports share in one network. */
interface InNetwork {
  readonly network: string;
  /** The session's own budget, by the limit in that network. */
  readonly budget: Budget;
  /** Budget of all sessions there. */
  readonly shared: Budget;
}

/** Number of MAC addresses behind one session: in each of its networks, and in all of them. */
export class SessionMacs {
  readonly tenant: string;
  readonly budget: Budget;
  readonly #networks = new Map<number, InNetwork>();
  /** Budgets that were near their limits at the last tick; false while the notice is due at the next tick. */
  readonly #near = new Map<Budget, boolean>();

  constructor({ tenant, limit, within }: SessionMacsOptions) {
    this.tenant = tenant;
    this.budget = new Budget(limit, [within]);
  }

  /**
   * Returns the budget of the session's port in a network.
   *
   * @param limit returns what the session may have there, in addresses; asked each time
   * @param shared budget of all sessions there
   */
  ofPort(vni: number, network: string, limit: () => number, shared: Budget): Budget {
    const budget = new Budget(limit, [this.budget, shared]);
    const before = this.#networks.get(vni);
    if (before !== undefined) this.#near.delete(before.budget);
    this.#networks.set(vni, { network, budget, shared });
    return budget;
  }

  /**
   * Returns which limit refused further addresses since the last call: the session's own (a notice), one that it shares
   * (`shared`, with the network's name if that is full), or none (undefined).
   *
   * @param who name of the session for people
   */
  takeRefusal(who: string): NewNotice | { readonly shared: string | undefined } | undefined {
    const { own, all } = this.budget.takeRefusals();
    if (all === 0) return undefined;
    let refusing: InNetwork | undefined;
    for (const one of this.#networks.values()) if (one.budget.takeRefusals().own > 0) refusing = one;
    if (own > 0) return this.#reached(who, this.budget, undefined);
    if (refusing !== undefined) return this.#reached(who, refusing.budget, refusing.network);
    // Of the shared limits, the tenant's takes precedence if it is full.
    if (this.budget.room <= 0) return { shared: undefined };
    const full = [...this.#networks.values()].find(({ shared }) => shared.isFull);
    return { shared: full?.network };
  }

  /**
   * Returns a notice before a limit is reached, once until usage is far below it again. Call it about once a second: a
   * burst that reaches the limit within that time is reported by {@link takeRefusal} alone.
   */
  takeNear(who: string): NewNotice | undefined {
    const all = [{ network: undefined, budget: this.budget }, ...this.#networks.values()];
    let told: NewNotice | undefined;
    for (const { network, budget } of all) {
      // A network's limit that is no lower than the session's adds nothing.
      if (network !== undefined && budget.own >= this.budget.own) continue;
      if (this.#isNewlyNear(budget)) {
        told ??= notice(NEAR_CODE, who, network, `has ${budget.used} of ${mac(budget)} that it may have`);
      }
    }
    return told;
  }

  #isNewlyNear(budget: Budget): boolean {
    const { used, own } = budget;
    if (own < LEAST_NEAR || used < NEAR * own) {
      this.#near.delete(budget);
      return false;
    }
    const before = this.#near.get(budget);
    // Full since the last call: the refusal is reported, not that it was near.
    this.#near.set(budget, before !== undefined || used >= own);
    return before === false;
  }

  #reached(who: string, budget: Budget, network: string | undefined): NewNotice {
    return notice(REACHED_CODE, who, network, `has reached its limit of ${mac(budget)}`);
  }
}

function notice(code: string, who: string, network: string | undefined, what: string): NewNotice {
  const where = network === undefined ? "" : ` in network '${network}'`;
  return { code, network, message: `${who} ${what}${where}`, hint: HINT };
}

function mac({ own }: Budget): string {
  return `${own} MAC addresses`;
}
