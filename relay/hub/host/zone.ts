import { formatAddress, formatIpv4, parseIpv6 } from "../../../shared/frame/address.ts";
import { type Cidr, parseCidr } from "../../../shared/frame/cidr.ts";
import { readReverse, reverseZone } from "../../../shared/values/reverse-name.ts";
import { addressPool, hubAddress6 } from "../../model/address-pool.ts";
import type { Network } from "../../model/model.ts";
import type { NamedMember } from "../../store/tables/member-table.ts";
import { HUB_LABEL, type Names } from "../../tenants/names.ts";

/** Parent domain of all networks: `.internal` is permanently reserved for private use (ICANN, 2024). */
const ROOT = "lan.internal";

/** Seconds for which an answer may be cached: devices come and go. */
export const TTL_SECONDS = 30;

/** A record of a zone: its type and content. */
export type ZoneRecord =
  | { readonly type: "A" | "AAAA" | "PTR" | "NS"; readonly data: string }
  | { readonly type: "SOA" };

/** A zone's answer for a name. */
export type Found =
  /** All records of the name, of any type; possibly none. */
  | { readonly kind: "name"; readonly zone: string; readonly records: readonly ZoneRecord[] }
  | { readonly kind: "no-such-name"; readonly zone: string }
  /** The name is in none of the zones here. */
  | { readonly kind: "elsewhere" };

/** Returns the domain of a network: `office.lan.internal`. */
export function domainOf({ name }: Pick<Network, "name">): string {
  return `${name}.${ROOT}`;
}

/** The names of one network, and of its addresses only. */
export class NetworkZone {
  readonly domain: string;
  /** The hub's name in the network. */
  readonly server: string;
  readonly #network: Network;
  readonly #names: Names;
  /** Subnets by the names of their zones. */
  readonly #subnets: ReadonlyMap<string, Cidr>;

  constructor(network: Network, names: Names) {
    this.#network = network;
    this.#names = names;
    this.domain = domainOf(network);
    this.server = `${HUB_LABEL}.${this.domain}`;
    const subnets = [network.subnet, network.prefix6].flatMap((text) => parseCidr(text ?? "") ?? []);
    this.#subnets = new Map(subnets.map((subnet) => [reverseZone(subnet), subnet]));
  }

  /**
   * Looks a name up.
   *
   * @param name in lower case, without a trailing dot
   */
  find(name: string): Found {
    if (isWithin(name, this.domain)) return this.#inDomain(name);
    for (const [zone, subnet] of this.#subnets) {
      if (isWithin(name, zone)) return this.#inReverse(name, zone, subnet);
    }
    return { kind: "elsewhere" };
  }

  #inDomain(name: string): Found {
    const zone = this.domain;
    if (name === zone) return this.#apex(zone);
    const member = this.#member(name.slice(0, -zone.length - 1));
    if (member === undefined) return { kind: "no-such-name", zone };
    const { address, address6 } = member;
    const records: ZoneRecord[] = [];
    if (address !== undefined) records.push({ type: "A", data: formatIpv4(address) });
    if (address6 !== undefined) records.push({ type: "AAAA", data: address6 });
    return { kind: "name", zone, records };
  }

  #inReverse(name: string, zone: string, subnet: Cidr): Found {
    if (name === zone) return this.#apex(zone);
    const said = readReverse(name, subnet);
    switch (said.kind) {
      case "between":
        return { kind: "name", zone, records: [] };
      case "outside":
        return { kind: "elsewhere" };
      case "nothing":
        return { kind: "no-such-name", zone };
      case "address": {
        const { address, address6 } = this.#hub();
        const isHub =
          typeof said.address === "number"
            ? said.address === address
            : said.address === parseIpv6(address6 ?? "");
        const label = isHub ? HUB_LABEL : this.#names.at(this.#network, said.address)?.label;
        if (label === undefined) return { kind: "no-such-name", zone };
        return { kind: "name", zone, records: [{ type: "PTR", data: `${label}.${this.domain}` }] };
      }
    }
  }

  #apex(zone: string): Found {
    return { kind: "name", zone, records: [{ type: "SOA" }, { type: "NS", data: this.server }] };
  }

  #member(label: string): Omit<NamedMember, "label"> | undefined {
    if (label === HUB_LABEL) return this.#hub();
    return label.includes(".") ? undefined : this.#names.find(this.#network, label);
  }

  #hub(): Omit<NamedMember, "label"> {
    const { prefix6 } = this.#network;
    return {
      address: addressPool(this.#network)?.hub,
      address6: prefix6 === undefined ? undefined : formatAddress(hubAddress6(prefix6)),
    };
  }
}

function isWithin(name: string, zone: string): boolean {
  return name === zone || name.endsWith(`.${zone}`);
}
