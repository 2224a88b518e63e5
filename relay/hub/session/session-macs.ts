import { Budget } from "../../../shared/switch/budget.ts";
import type { NewNotice } from "../../tenants/notices.ts";

/** Share of a limit from which on people are told that it will be reached. */
const NEAR = 0.8;

/** Limits under this are meant to be used up: nothing is told before. In addresses. */
const LEAST_NEAR = 10;

/** Code of what is told before `limit.session-macs`. */
const NEAR_CODE = "limit.session-macs-near";
const REACHED_CODE = "limit.session-macs";

const HINT =
  "Look there for a machine that makes addresses up. If so many are meant to be behind it, give it a token or an invite made " +
  "with --macs, or have the relay's administrator raise 'session-macs'.";

export interface SessionMacsOptions {
  readonly tenant: string;
  /** MAC addresses that it may have in all its networks; asked each time, because limits change. */
  readonly limit: () => number;
  /** What all sessions of its tenant may have. */
  readonly within: Budget;
}

/** A session's ports share this in one network. */
interface InNetwork {
  readonly network: string;
  /** The session's own, by the limit in that network. */
  readonly budget: Budget;
  /** What all sessions may have there. */
  readonly shared: Budget;
}

/** How many MAC addresses may be behind one session: in each of its networks, and in all of them. */
export class SessionMacs {
  readonly tenant: string;
  readonly budget: Budget;
  readonly #networks = new Map<number, InNetwork>();
  /** Those that were near their limits at the last tick; told of since the one before: true. */
  readonly #near = new Map<Budget, boolean>();

  constructor({ tenant, limit, within }: SessionMacsOptions) {
    this.tenant = tenant;
    this.budget = new Budget(limit, [within]);
  }

  /**
   * Returns the budget of the session's port in a network.
   *
   * @param limit what the session may have there, in addresses; asked each time
   * @param shared what all sessions may have there
   */
  ofPort(vni: number, network: string, limit: () => number, shared: Budget): Budget {
    const budget = new Budget(limit, [this.budget, shared]);
    const before = this.#networks.get(vni);
    if (before !== undefined) this.#near.delete(before.budget);
    this.#networks.set(vni, { network, budget, shared });
    return budget;
  }

  /**
   * Returns which limit further addresses met since the last call: the session's own (a notice), one that it shares
   * (`shared`, with the network's name where that is full), or none (undefined).
   *
   * @param who what people know the session by
   */
  takeRefusal(who: string): NewNotice | { readonly shared: string | undefined } | undefined {
    const { own, all } = this.budget.takeRefusals();
    if (all === 0) return undefined;
    let refusing: InNetwork | undefined;
    for (const one of this.#networks.values()) if (one.budget.takeRefusals().own > 0) refusing = one;
    if (own > 0) return this.#reached(who, this.budget, undefined);
    if (refusing !== undefined) return this.#reached(who, refusing.budget, refusing.network);
    // Of those that it shares the tenant's counts first, where that is full.
    if (this.budget.room <= 0) return { shared: undefined };
    const full = [...this.#networks.values()].find(({ shared }) => shared.isFull);
    return { shared: full?.network };
  }

  /**
   * Returns what people are to be told before a limit is reached, once until it is far away again. To be called about once
   * a second: a burst that goes on to the limit within that time is told of by {@link takeRefusal} alone.
   */
  takeNear(who: string): NewNotice | undefined {
    const all = [{ network: undefined, budget: this.budget }, ...this.#networks.values()];
    let told: NewNotice | undefined;
    for (const { network, budget } of all) {
      // A network in which the session may have as much as anywhere says nothing new.
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
    // Full since the last call: that is told, and not that it was near.
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
