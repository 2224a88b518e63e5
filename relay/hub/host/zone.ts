import { formatAddress, formatIpv4, parseIpv6 } from "../../../shared/frame/address.ts";
import { type Cidr, parseCidr } from "../../../shared/frame/cidr.ts";
import { readReverse, reverseZone } from "../../../shared/values/reverse-name.ts";
import { addressPool, hubAddress6 } from "../../model/address-pool.ts";
import type { Network } from "../../model/model.ts";
import type { NamedMember } from "../../store/tables/member-table.ts";
import { HUB_LABEL, type Names } from "../../tenants/names.ts";

/** Under which every network has a domain: `.internal` is nobody's in public, for good (ICANN, 2024). */
const ROOT = "lan.internal";

/** Seconds for which an answer may be kept: devices come and go. */
export const TTL_SECONDS = 30;

/** A record of a zone: its type, and what it says. */
export type ZoneRecord =
  | { readonly type: "A" | "AAAA" | "PTR" | "NS"; readonly data: string }
  | { readonly type: "SOA" };

/** What a zone says of a name. */
export type Found =
  /** All its records, of whatever type; maybe none. */
  | { readonly kind: "name"; readonly zone: string; readonly records: readonly ZoneRecord[] }
  | { readonly kind: "no-such-name"; readonly zone: string }
  /** It is of no zone that there is here. */
  | { readonly kind: "elsewhere" };

/** The domain of a network: `office.lan.internal`. */
export function domainOf({ name }: Pick<Network, "name">): string {
  return `${name}.${ROOT}`;
}

/** The names of one network, and of its addresses; of others it knows nothing. */
export class NetworkZone {
  readonly domain: string;
  /** What the hub is called in it. */
  readonly server: string;
  readonly #network: Network;
  readonly #names: Names;
  /** By the names of their zones. */
  readonly #subnets: ReadonlyMap<string, Cidr>;

  constructor(network: Network, names: Names) {
    this.#network = network;
    this.#names = names;
    this.domain = domainOf(network);
    this.server = `${HUB_LABEL}.${this.domain}`;
    const subnets = [network.subnet, network.prefix6].flatMap((text) => parseCidr(text ?? "") ?? []);
    this.#subnets = new Map(subnets.map((subnet) => [reverseZone(subnet), subnet]));
  }

  /** @param name in lower case, without a dot at the end */
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
