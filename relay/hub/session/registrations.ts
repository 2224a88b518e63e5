import { formatAddress, type IpAddress, parseAddress } from "../../../shared/frame/address.ts";
import { formatMac, isUsableSource, parseMac } from "../../../shared/frame/mac.ts";
import type { RegisteredEndpoint } from "../../../shared/protocol/control.ts";
import { type Budget, BudgetShares } from "../../../shared/switch/budget.ts";
import { type BoundEndpoint, MAX_BOUND } from "../../../shared/switch/guards/source-binding.ts";
import type { MacTable, Registered } from "../../../shared/switch/places/mac-table.ts";
import { isVirtualRouterMac } from "../../../shared/switch/places/virtual-router.ts";
import type { HubPolicy } from "../../../shared/switch/policy/hub-policy.ts";
import type { Port } from "../../../shared/switch/port.ts";

/**
 * Ticks during which contested addresses are retried each time; later every {@link SLOW_TICKS}, because contests are
 * rare.
 */
const EAGER_TICKS = 5;
const SLOW_TICKS = 5;

/** A member's machines and addresses not counted against its tenant: its session takes more memory. */
const UNCOUNTED = 8;

/**
 * State of an address that a VTEP registered: it has the address, another place uses it and the VTEP waits for it, or
 * it lost the address to another place.
 */
type State = "has" | "contested" | "lost";

interface WantedAddress {
  readonly address: IpAddress;
  readonly text: string;
  state: State;
}

interface Wanted {
  readonly mac: number;
  readonly endpoint: RegisteredEndpoint;
  readonly addresses: readonly WantedAddress[];
  state: State;
}

/** The machines behind one port as its VTEP registered them, both entered and contested. */
interface Registration {
  readonly port: Port;
  wanted: readonly Wanted[];
  ticks: number;
}

export interface RegistrationsOptions {
  readonly table: MacTable;
  /** Budget of the network, in addresses. */
  readonly budget: Budget;
  readonly policy: () => HubPolicy;
  /** Seconds, never going back. */
  readonly clock: () => number;
}

/** The result of a registration. */
export interface RegistrationOutcome {
  /** Machines that were entered, with their entered addresses. */
  readonly entered: readonly RegisteredEndpoint[];
  /** Why some were not entered; undefined if all were. */
  readonly problem: string | undefined;
}

/**
 * The machines that VTEPs registered in one network (docs/protocol.md, `register`). The first VTEP that registers an
 * address keeps it as long as it is there. Other registrations of it are kept, and take effect once it is gone. Only
 * entered addresses are bound to a port. Bounded by {@link MAX_BOUND} machines and addresses of a port.
 */
export class Registrations<Member extends object> {
  readonly #options: RegistrationsOptions;
  readonly #registrations = new Map<Member, Registration>();
  readonly #shares: BudgetShares<object>;
  #moves = 0;
  #removals = 0;

  constructor(options: RegistrationsOptions) {
    this.#options = options;
    this.#shares = new BudgetShares(2 * MAX_BOUND, [options.budget]);
  }

  /**
   * Registers all machines behind a member's port; those missing from the list are withdrawn.
   *
   * @param member their owner
   */
  set(member: Member, port: Port, endpoints: readonly RegisteredEndpoint[]): RegistrationOutcome {
    const problems: string[] = [];
    const wanted = this.#read(endpoints, problems);
    const before = this.#registrations.get(member);
    if (before?.port === port) this.#withdrawMissing(before, wanted);
    const registration = { port, wanted: this.#roomFor(member, wanted, problems), ticks: 0 };
    this.#enter(registration, problems, true);
    // Addresses that can't be entered and are not contested are forgotten.
    registration.wanted = registration.wanted.filter(({ state }) => state !== "lost");
    if (registration.wanted.length > 0) this.#registrations.set(member, registration);
    else this.delete(member);
    if (!this.#bind(registration)) problems.push("too many addresses");
    return { entered: enteredOf(registration), problem: problems[0] };
  }

  /** Enters everything again after the policy has changed. @returns the machines that each member has now */
  renew(): Map<Member, readonly RegisteredEndpoint[]> {
    const entered = new Map<Member, readonly RegisteredEndpoint[]>();
    for (const [member, registration] of this.#registrations) {
      this.#enter(registration, [], false);
      this.#bind(registration);
      entered.set(member, enteredOf(registration));
    }
    return entered;
  }

  /**
   * Retries contested addresses, and finds those that were lost or became free. @returns the members whose machines
   * changed
   */
  tick(): Map<Member, readonly RegisteredEndpoint[]> {
    const changed = new Map<Member, readonly RegisteredEndpoint[]>();
    const { moves, removals } = this.#counts();
    const isFree = removals !== this.#removals;
    this.#removals = removals;
    const look = (member: Member, registration: Registration) => {
      if (!this.#enter(registration, [], false)) return;
      this.#bind(registration);
      changed.set(member, enteredOf(registration));
    };
    for (const [member, registration] of this.#registrations) {
      if (!isWaiting(registration)) continue;
      registration.ticks++;
      if (isFree || isDue(registration.ticks)) look(member, registration);
    }
    // A take-over, also one of the pass above, took the address from another owner.
    const now = this.#counts().moves;
    if (moves !== this.#moves || now !== moves) for (const one of this.#registrations) look(...one);
    this.#moves = this.#counts().moves;
    return changed;
  }

  /** Forgets a member that has left; its port is gone. */
  delete(member: Member): void {
    this.#shares.give(member, this.#shares.of(member));
    this.#registrations.delete(member);
  }

  #counts(): { moves: number; removals: number } {
    const { table, policy } = this.#options;
    const { moves = 0, removals = 0 } = policy().suppressor ?? {};
    return { moves: table.moves + moves, removals: table.removals + removals };
  }

  /** Takes room for a member's addresses; keeps none of them if there is no room. */
  #roomFor(member: Member, wanted: readonly Wanted[], problems: string[]): readonly Wanted[] {
    const count = wanted.reduce((sum, { addresses }) => sum + 1 + addresses.length, 0);
    const more = Math.max(0, count - UNCOUNTED) - this.#shares.of(member);
    if (more <= 0) this.#shares.give(member, -more);
    else if (!this.#shares.take(member, more)) {
      problems.push(WHY_ADDRESS["over-limit"]);
      return [];
    }
    return wanted;
  }

  #read(endpoints: readonly RegisteredEndpoint[], problems: string[]): Wanted[] {
    const wanted = new Map<number, Wanted>();
    let count = 0;
    for (const endpoint of endpoints) {
      const mac = parseMac(endpoint.mac);
      if (mac === undefined || !isUsableSource(mac)) {
        problems.push(`'${endpoint.mac}' is not the MAC address of a machine`);
        continue;
      }
      const addresses: WantedAddress[] = [];
      for (const text of endpoint.addresses ?? []) {
        const address = parseAddress(text);
        if (address === undefined) problems.push(`${text}: not an address of a machine`);
        else if (++count > MAX_BOUND) problems.push(`${text}: more than ${MAX_BOUND} addresses`);
        else addresses.push({ address, text, state: "contested" });
      }
      wanted.set(mac, { mac, endpoint, addresses, state: "contested" });
    }
    return [...wanted.values()];
  }

  #withdrawMissing({ port, wanted }: Registration, next: readonly Wanted[]): void {
    const { table, policy } = this.#options;
    const kept = new Map(next.map((one) => [one.mac, new Set(one.addresses.map(({ address }) => address))]));
    for (const { mac, addresses } of wanted) {
      if (!kept.has(mac)) table.withdraw(mac, port);
      for (const { address } of addresses) {
        if (kept.get(mac)?.has(address) !== true) policy().suppressor?.withdrawAddress(port, address);
      }
    }
  }

  /**
   * Enters the wanted addresses that no other port has.
   *
   * @param isNews whether the VTEP has just registered them
   * @returns whether its entered addresses changed
   */
  #enter({ port, wanted }: Registration, problems: string[], isNews: boolean): boolean {
    const now = this.#options.clock();
    let isChanged = false;
    for (const one of wanted) {
      const state = this.#enterMac(port, one, problems, isNews, now);
      isChanged ||= state !== one.state;
      one.state = state;
      for (const address of one.addresses) {
        const its =
          state === "has" ? this.#enterAddress(port, one.mac, address, problems, isNews, now) : state;
        isChanged ||= its !== address.state;
        address.state = its;
      }
    }
    return isChanged;
  }

  #enterMac(port: Port, one: Wanted, problems: string[], isNews: boolean, now: number): State {
    const { table } = this.#options;
    const { mac, state } = one;
    if (!isNews) {
      const entry = table.find(mac);
      const isHere = entry?.port === port && entry.kind !== "learned";
      // An address that moves by protocol belongs to its VTEP wherever it is now, and moves only by its announcements.
      if (isHere || (state === "has" && isVirtualRouterMac(mac))) return "has";
      if (entry !== undefined && state !== "contested") return "lost";
    }
    // A port that is cut off receives nothing, so the table must not point to it.
    const entered = port.cut ? "registered" : table.register(mac, port, now, isNews);
    if (entered === "registered") return "has";
    problems.push(`${formatMac(mac)}: ${WHY[entered]}`);
    return entered === "contested" || entered === "static-mac" ? "contested" : "lost";
  }

  #enterAddress(
    port: Port,
    mac: number,
    { address, state }: WantedAddress,
    problems: string[],
    isNews: boolean,
    now: number,
  ): State {
    const { suppressor } = this.#options.policy();
    if (suppressor === undefined) return "has";
    if (!isNews && state !== "contested") {
      const isHere = suppressor.isRegistered(address, mac, port);
      if (isHere !== undefined) return isHere ? "has" : "lost";
    }
    const entered = suppressor.enter(port, mac, address, now, isNews);
    if (entered === "registered") return "has";
    problems.push(`${formatAddress(address)}: ${entered === "contested" ? IN_USE : WHY_ADDRESS[entered]}`);
    return entered === "contested" ? "contested" : "lost";
  }

  #bind(registration: Registration): boolean {
    const bound: BoundEndpoint[] = registration.wanted
      .filter(({ state }) => state === "has")
      .map(({ mac, addresses }) => ({
        mac,
        addresses: addresses.filter(({ state }) => state === "has").map(({ address }) => address),
      }));
    return this.#options.policy().bind(registration.port, bound);
  }
}

const IN_USE = "in use by another machine of this network, which is asked whether it is still there";

const WHY: Readonly<Record<Exclude<Registered, "registered">, string>> = {
  contested: IN_USE,
  "static-mac": "static-mac: an operator, or the hub, has it at another port",
  "duplicate-mac": "duplicate-mac: it keeps moving between two places",
  "over-limit": "over-limit: the session, its network or its tenant has no room for another MAC address",
};

const WHY_ADDRESS = {
  "not-a-machine": "not an address of a machine",
  "over-limit": "the session, its network or its tenant has no room for another address",
} as const;

/** Returns whether another port has a wanted address. */
function isWaiting({ wanted }: Registration): boolean {
  return wanted.some((one) => isOut(one) || one.addresses.some(isOut));
}

function isOut({ state }: { readonly state: State }): boolean {
  return state !== "has";
}

/** Returns whether contested addresses are due for a retry, `ticks` after the registration. */
function isDue(ticks: number): boolean {
  return ticks <= EAGER_TICKS || ticks % SLOW_TICKS === 0;
}

/** Returns the machines that a port has entered. */
function enteredOf({ wanted }: Registration): RegisteredEndpoint[] {
  return wanted
    .filter(({ state }) => state === "has")
    .map(({ endpoint, addresses }) => {
      const { addresses: _, ...rest } = endpoint;
      if (endpoint.addresses === undefined) return rest;
      return { ...rest, addresses: addresses.filter(({ state }) => state === "has").map(({ text }) => text) };
    });
}
