import { formatAddress, formatIpv4, type IpAddress, parseIpv4 } from "../../shared/frame/address.ts";
import { formatMac } from "../../shared/frame/mac.ts";
import { Fault } from "../../shared/values/fault.ts";
import { type AddressPool, addressPool, PREFIX6_BITS, randomAddress6 } from "../model/address-pool.ts";
import { unknown } from "../model/faults.ts";
import { type Actor, type GivenAddresses, type Network, RELAY, type TakenAddress } from "../model/model.ts";
import type { Store } from "../store/store.ts";
import type { UsedAddress } from "../store/tables/used-address-table.ts";
import type { AuditLog } from "./audit-log.ts";
import type { Limits } from "./limits.ts";

/**
 * Returns the MAC of the machine that currently uses an address of a network, as far as the hub sees it.
 *
 * @param device a device to ignore
 * @returns undefined if no machine was seen with the address
 */
export type Sighted = (network: Network, address: IpAddress, device: string) => number | undefined;

export interface AddressesOptions {
  readonly store: Store;
  readonly audit: AuditLog;
  readonly limits: Limits;
  /** Seconds since 1970. */
  readonly now: () => number;
}

/** Seconds for which an address is not given after a machine was seen with it: people return from holidays. */
const USED_SECONDS = 30 * 86_400;

/** Minimum seconds between two notes of the same use, because each is written to disk. */
const NOTE_SECONDS = 86_400;

/** Maximum number of noted addresses of one network, so that a member that claims them all does not fill the disk. */
const MAX_USED = 1024;

/** Maximum number of addresses found at once that get an entry of the audit log each; one entry counts more. */
const MAX_LISTED = 4;

/** Maximum number of released addresses remembered for one network, the newest ones. */
const MAX_RELEASED = 4096;

/** Attempts at one of 2^64 random addresses: one is enough, unless something is wrong. */
const ATTEMPTS = 8;

const OTHERS = "it is another device's";

/** The addresses that networks give their devices: a device keeps its own until it is revoked. */
export class Addresses {
  readonly #store: Store;
  readonly #audit: AuditLog;
  readonly #limits: Limits;
  readonly #now: () => number;
  #sighted: Sighted = () => undefined;

  constructor({ store, audit, limits, now }: AddressesOptions) {
    this.#store = store;
    this.#audit = audit;
    this.#limits = limits;
    this.#now = now;
  }

  /** Stops giving addresses that `sighted` reports as in use. */
  watchBy(sighted: Sighted): void {
    this.#sighted = sighted;
  }

  /** Returns a device's own addresses in one of its networks; the first call chooses them. */
  give(network: Network, device: string): GivenAddresses {
    return { address: this.#give4(network, device), address6: this.#give6(network, device) };
  }

  /** Works as {@link give}, but if the store fails, returns only the addresses that the device already has. */
  tryGive(network: Network, device: string): GivenAddresses {
    const { health } = this.#store;
    return {
      address: health.attempt("give addresses", () => this.#give4(network, device)),
      address6: health.attempt("give IPv6 addresses", () => this.#give6(network, device)),
    };
  }

  /**
   * Returns the result of {@link tryGive} for each of a device's networks, by the networks' ids, with one query of the
   * store.
   */
  giveAll(networks: readonly Network[], device: string): Map<number, GivenAddresses> {
    const own4 = this.#store.addresses.allOfDevice(device);
    const own6 = this.#store.members.addresses6Of(device);
    const give = (network: Network): GivenAddresses => {
      const [known4, known6] = [own4.get(network.id), own6.get(network.id)];
      const pool = addressPool(network);
      const lacks4 = pool !== undefined && known4 === undefined;
      const lacks6 = network.prefix6 !== undefined && known6 === undefined;
      if (lacks4 || lacks6) return this.tryGive(network, device);
      return {
        address: pool && known4 !== undefined ? `${formatIpv4(known4)}/${pool.prefix}` : undefined,
        address6: network.prefix6 && known6 !== undefined ? `${known6}/${PREFIX6_BITS}` : undefined,
      };
    };
    return new Map(networks.map((network) => [network.id, give(network)]));
  }

  /** Returns whether an address of a network belongs to a device, or may be given to one. */
  isForDevices(network: Network, address: IpAddress): boolean {
    const pool = addressPool(network);
    if (typeof address !== "number" || pool === undefined) return false;
    if (address < pool.first || address > pool.last) return false;
    const taken = this.#store.addresses.at(network.id, address);
    return taken === undefined || taken.device !== undefined;
  }

  /**
   * Returns why a machine should not use an address that its owner chose, as a clause; undefined if there is no
   * objection. Reserved addresses are meant for such machines.
   *
   * @param device whose own addresses are acceptable; undefined for a token's
   */
  objection(network: Network, address: IpAddress, device: string | undefined): string | undefined {
    const { health } = this.#store;
    return health.attempt("look an address up", () => this.#objection(network, address, device));
  }

  #objection(network: Network, address: IpAddress, device: string | undefined): string | undefined {
    const pool = addressPool(network);
    if (pool === undefined) return undefined;
    if (typeof address === "bigint") {
      const owner = this.#store.members.ownerOf6(network.id, formatAddress(address));
      return owner === undefined || owner === device ? undefined : OTHERS;
    }
    // A machine that comes by a token has an address of its own, which may be older than the subnet.
    if (network.hasChosenSubnet && device === undefined && (address < pool.hub || address > pool.last))
      return undefined;
    if (address < pool.hub || address > pool.last)
      return `it is outside of the network's subnet, ${network.subnet}`;
    const owner = this.#store.addresses.at(network.id, address)?.device;
    return owner === undefined || owner === device ? undefined : OTHERS;
  }

  #give4(network: Network, device: string): string | undefined {
    const pool = addressPool(network);
    if (pool === undefined) return undefined;
    const { addresses } = this.#store;
    const own = addresses.ofDevice(network.id, device);
    if (own !== undefined) return `${formatIpv4(own.address)}/${pool.prefix}`;
    const address = this.#choose(network, pool, device);
    if (address === undefined) return undefined;
    addresses.take({ networkId: network.id, address, device, fixed: false });
    return `${formatIpv4(address)}/${pool.prefix}`;
  }

  #give6(network: Network, device: string): string | undefined {
    const { prefix6, id } = network;
    if (prefix6 === undefined) return undefined;
    const { members } = this.#store;
    const own = members.address6Of(id, device);
    if (own !== undefined) return `${own}/${PREFIX6_BITS}`;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const address = randomAddress6(prefix6);
      if (this.#sighted(network, address, device) !== undefined) continue;
      const text = formatAddress(address);
      if (members.giveAddress6(id, device, text)) return `${text}/${PREFIX6_BITS}`;
    }
    return undefined;
  }

  /**
   * Returns the lowest address that no device has had yet. If there is none, returns the one released longest ago,
   * because others' ARP caches may still have newer ones. Needs a few queries, however many addresses are in use.
   */
  #choose(network: Network, pool: AddressPool, device: string): number | undefined {
    const { addresses } = this.#store;
    addresses.trimReleased(network.id, MAX_RELEASED);
    const known = addresses.known(network.id);
    const seen: UsedAddress[] = [];
    const isFree = (address: number) => {
      const mac = this.#sighted(network, address, device);
      if (mac === undefined) return true;
      if (seen.length < MAX_USED) seen.push({ address, mac });
      return false;
    };
    const chosen =
      firstFresh(pool, known, isFree) ?? addresses.released(network.id, pool.first, pool.last).find(isFree);
    this.noteUsed(network, seen);
    return chosen;
  }

  /**
   * Notes which machines use which addresses of a network. Addresses of no device are then not given for a month.
   * Writes at most {@link MAX_USED} rows, in one transaction, and a few entries of the audit log.
   */
  noteUsed(network: Network, seen: readonly UsedAddress[]): void {
    const pool = addressPool(network);
    if (pool === undefined || seen.length === 0) return;
    const { addresses, used } = this.#store;
    const { id } = network;
    const now = this.#now();
    const known = used.seen(id);
    for (const [address, at] of known) if (at < now - USED_SECONDS) known.delete(address);
    const again: UsedAddress[] = [];
    const unknown: UsedAddress[] = [];
    for (const one of seen) {
      const last = known.get(one.address);
      if (last === undefined) unknown.push(one);
      else if (now - last >= NOTE_SECONDS) again.push(one);
    }
    const room = MAX_USED - known.size;
    const taken = room > 0 && unknown.length > 0 ? addresses.taken(id) : undefined;
    const isOthers = ({ address }: UsedAddress) =>
      address >= pool.first && address <= pool.last && taken?.has(address) === false;
    const found = unknown.filter(isOthers).slice(0, Math.max(0, room));
    if (again.length + found.length === 0) return;
    this.#store.transaction(() => {
      used.age(id, now - USED_SECONDS);
      for (const one of [...again, ...found]) used.note(id, one, now);
      this.#auditUsed(network, found);
    });
  }

  #auditUsed({ tenant, name }: Network, found: readonly UsedAddress[]): void {
    const listed = found.length <= MAX_LISTED ? found : found.slice(0, 1);
    const rest = found.length - listed.length;
    for (const { address, mac } of listed) {
      const more = rest === 0 ? "" : ` and ${rest} more`;
      const object = `${name} ${formatIpv4(address)} ${formatMac(mac)}${more}`;
      this.#audit.note({ tenant, by: RELAY, action: "address.in-use", object });
    }
  }

  /** Returns all unavailable addresses, in order: taken, or used without being given. */
  of({ id }: Network): TakenAddress[] {
    const { addresses, used } = this.#store;
    const taken = addresses.of(id);
    const known = new Set(taken.map(({ address }) => address));
    const others = used.of(id).filter(({ address }) => !known.has(address));
    return [...taken, ...others].sort((one, other) => one.address - other.address);
  }

  /**
   * Reserves an address for a use outside the relay, or fixes that of a device, which gets it with its next session.
   */
  take(network: Network, text: string, device: string | undefined, by: Actor): TakenAddress {
    const address = demandIn(demandPool(network), network, text);
    const { addresses, devices } = this.#store;
    if (device !== undefined && !devices.isOn(device, network.id)) throw unknown("device", device);
    const taken = addresses.at(network.id, address);
    if (taken !== undefined && (device === undefined || taken.device !== device)) {
      throw new Fault({
        code: "address.taken",
        message: `${text} is ${taken.device === undefined ? "reserved" : "another device's"} already`,
        hint: "Choose another address, or release this one first.",
      });
    }
    const action = device === undefined ? "address.reserve" : "address.fix";
    if (device === undefined) {
      this.#limits.demand(network.tenant, "reserved_addresses", addresses.countReserved(network.tenant));
    }
    const entry: TakenAddress = { networkId: network.id, address, device, fixed: true };
    this.#audit.change({ tenant: network.tenant, by, action, object: `${network.name} ${text}` }, () => {
      const own = device === undefined ? undefined : addresses.ofDevice(network.id, device);
      if (own !== undefined) addresses.release(network.id, own.address);
      addresses.take(entry);
    });
    return entry;
  }

  release(network: Network, text: string, by: Actor): void {
    const change = {
      tenant: network.tenant,
      by,
      action: "address.release",
      object: `${network.name} ${text}`,
    };
    this.#audit.change(change, () => {
      const address = parseIpv4(text);
      if (address === undefined || !this.#release(network, address)) throw unknown("address", text);
    });
  }

  #release({ id }: Network, address: number): boolean {
    const { addresses, used } = this.#store;
    const forgotten = used.forget(id, address);
    return addresses.release(id, address) || forgotten;
  }
}

/** Returns the lowest free address for devices that is not among the known ones. */
function firstFresh(
  { first, last }: AddressPool,
  known: ReadonlySet<number>,
  isFree: (address: number) => boolean,
): number | undefined {
  for (let address = first; address <= last; address++) {
    if (!known.has(address) && isFree(address)) return address;
  }
  return undefined;
}

function demandPool(network: Network): AddressPool {
  const pool = addressPool(network);
  if (pool !== undefined) return pool;
  throw new Fault({
    code: "address.none",
    message: `network '${network.name}' gives no addresses`,
    hint: "Create a network with an IPv4 --subnet, and without --no-addresses.",
  });
}

function demandIn(pool: AddressPool, { subnet }: Network, text: string): number {
  const address = parseIpv4(text);
  if (address !== undefined && address >= pool.first && address <= pool.last) return address;
  throw new Fault({
    code: "address.outside",
    message: `${text} is not an address for devices in ${subnet}`,
    hint: `Choose one from ${formatIpv4(pool.first)} to ${formatIpv4(pool.last)}.`,
    exitCode: 2,
  });
}
