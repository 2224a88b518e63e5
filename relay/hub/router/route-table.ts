import type { IpAddress } from "../../../shared/frame/address.ts";
import { type Cidr, networkOf } from "../../../shared/frame/cidr.ts";

const IPV4_BITS = 32;
const IPV6_BITS = 128;

/** The networks of one prefix length, by their leading bits. */
interface Length<Way> {
  readonly prefix: number;
  readonly ways: Map<number | bigint, Way>;
}

/** Finds the way for an address: the longest matching prefix wins (RFC 1812 section 5.2.4.3). */
export class RouteTable<Way> {
  /** Longest prefix first. */
  readonly #ipv4: Length<Way>[] = [];
  readonly #ipv6: Length<Way>[] = [];

  /** Returns the way of exactly this network, if it has one. */
  at(cidr: Cidr): Way | undefined {
    return this.#of(cidr)
      .find(({ prefix }) => prefix === cidr.prefix)
      ?.ways.get(keyOf(cidr.address, cidr.prefix));
  }

  /** Adds a network, or replaces its way. */
  add(cidr: Cidr, way: Way): void {
    const lengths = this.#of(cidr);
    let length = lengths.find(({ prefix }) => prefix === cidr.prefix);
    if (length === undefined) {
      length = { prefix: cidr.prefix, ways: new Map() };
      lengths.push(length);
      lengths.sort((one, other) => other.prefix - one.prefix);
    }
    length.ways.set(keyOf(networkOf(cidr).address, cidr.prefix), way);
  }

  delete(cidr: Cidr): void {
    const lengths = this.#of(cidr);
    const length = lengths.find(({ prefix }) => prefix === cidr.prefix);
    length?.ways.delete(keyOf(cidr.address, cidr.prefix));
    if (length?.ways.size === 0) lengths.splice(lengths.indexOf(length), 1);
  }

  lookup(address: IpAddress): Way | undefined {
    for (const { prefix, ways } of typeof address === "number" ? this.#ipv4 : this.#ipv6) {
      const way = ways.get(keyOf(address, prefix));
      if (way !== undefined) return way;
    }
    return undefined;
  }

  #of({ version }: Cidr): Length<Way>[] {
    return version === 4 ? this.#ipv4 : this.#ipv6;
  }
}

function keyOf(address: IpAddress, prefix: number): number | bigint {
  if (typeof address === "bigint") return address >> BigInt(IPV6_BITS - prefix);
  // JavaScript treats a shift by 32 as a shift by 0.
  return prefix === 0 ? 0 : address >>> (IPV4_BITS - prefix);
}
