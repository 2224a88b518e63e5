import { Fault } from "../../shared/fault.ts";
import { formatIpv4, parseIpv4 } from "../../shared/frame/address.ts";
import { type AddressPool, addressPool } from "./address-pool.ts";
import type { AuditLog } from "./audit-log.ts";
import { unknown } from "./faults.ts";
import type { Actor, Network, TakenAddress } from "./model.ts";
import type { Store } from "./store.ts";

/** The addresses that networks give their devices: a device keeps its own until it goes. */
export class Addresses {
  readonly #store: Store;
  readonly #audit: AuditLog;

  constructor(store: Store, audit: AuditLog) {
    this.#store = store;
    this.#audit = audit;
  }

  /**
   * A device's own address in a network that it is on, as CIDR; the first call finds it one.
   *
   * @returns undefined where the network gives none, or has none left
   */
  give(network: Network, device: string): string | undefined {
    const pool = addressPool(network);
    if (pool === undefined) return undefined;
    const { addresses } = this.#store;
    const own = addresses.ofDevice(network.id, device);
    if (own !== undefined) return `${formatIpv4(own.address)}/${pool.prefix}`;
    const address = addresses.lowestFree(network.id, pool.first);
    if (address > pool.last) return undefined;
    addresses.take({ networkId: network.id, address, device, fixed: false });
    return `${formatIpv4(address)}/${pool.prefix}`;
  }

  of(network: Network): TakenAddress[] {
    return this.#store.addresses.of(network.id);
  }

  /**
   * Reserves an address for what the relay does not know, or fixes that of a device, which has it from its next
   * session on.
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
      if (address === undefined || !this.#store.addresses.release(network.id, address)) {
        throw unknown("address", text);
      }
    });
  }
}

function demandPool(network: Network): AddressPool {
  const pool = addressPool(network);
  if (pool !== undefined) return pool;
  throw new Fault({
    code: "address.none",
    message: `network '${network.name}' gives no addresses`,
    hint: "Only a network that was made with an IPv4 --subnet, and without --no-addresses, does.",
  });
}

function demandIn(pool: AddressPool, { subnet }: Network, text: string): number {
  const address = parseIpv4(text);
  if (address !== undefined && address >= pool.first && address <= pool.last) return address;
  throw new Fault({
    code: "address.outside",
    message: `${text} is not an address that ${subnet} has for devices`,
    hint: `Choose one from ${formatIpv4(pool.first)} to ${formatIpv4(pool.last)}.`,
    exitCode: 2,
  });
}
