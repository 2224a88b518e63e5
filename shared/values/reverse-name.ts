/** DNS names of addresses: RFC 1035 section 3.5 for IPv4, RFC 3596 section 2.5 for IPv6. */
import { formatIpv4, type IpAddress, parseIpv4 } from "../frame/address.ts";
import { type Cidr, containsAddress, networkOf } from "../frame/cidr.ts";

const SUFFIX4 = "in-addr.arpa";
const SUFFIX6 = "ip6.arpa";
const NIBBLES = 32;
const OCTETS = 4;

/** The meaning of a name below a {@link ReverseZone}. */
export type Reversed =
  | { readonly kind: "address"; readonly address: IpAddress }
  /** A name above those of addresses. */
  | { readonly kind: "between" }
  /** A name of an address outside the subnet, although below the zone's name. */
  | { readonly kind: "outside" }
  /** Not the name of any address. */
  | { readonly kind: "nothing" };

/** Returns the zone of a subnet's addresses: that of the next larger subnet that ends between labels. */
export function reverseZone(subnet: Cidr): string {
  const { address } = networkOf(subnet);
  return typeof address === "number"
    ? reverseName(address, Math.floor(subnet.prefix / 8))
    : reverseName(address, Math.floor(subnet.prefix / 4));
}

/**
 * Returns the name of an address, or of the network that its first labels form.
 *
 * @param labels number of labels; all by default
 */
export function reverseName(address: IpAddress, labels?: number): string {
  const isV4 = typeof address === "number";
  const all = isV4 ? formatIpv4(address).split(".") : [...address.toString(16).padStart(NIBBLES, "0")];
  return [...all.slice(0, labels).reverse(), isV4 ? SUFFIX4 : SUFFIX6].join(".");
}

/**
 * Returns the zones that only contain names of the subnet's addresses: none if that takes more than `most` zones, or if
 * the subnet is part of one.
 */
export function ownReverseZones(subnet: Cidr, most: number): string[] {
  const { address } = networkOf(subnet);
  if (typeof address === "number") {
    const labels = Math.ceil(subnet.prefix / 8);
    const count = 2 ** (labels * 8 - subnet.prefix);
    if (count > most || labels >= OCTETS) return [];
    const size = 2 ** (32 - labels * 8);
    return Array.from({ length: count }, (_, index) => reverseName(address + index * size, labels));
  }
  return subnet.prefix % 4 === 0 ? [reverseName(address, subnet.prefix / 4)] : [];
}

/** Returns the meaning of a lower-case name that ends in the name of the subnet's zone. */
export function readReverse(name: string, subnet: Cidr): Reversed {
  const suffix = subnet.version === 4 ? SUFFIX4 : SUFFIX6;
  const labels = name
    .slice(0, -suffix.length - 1)
    .split(".")
    .reverse();
  const address = subnet.version === 4 ? readOctets(labels) : readNibbles(labels);
  if (typeof address === "string") return { kind: address };
  return containsAddress(subnet, address) ? { kind: "address", address } : { kind: "outside" };
}

function readOctets(labels: readonly string[]): number | "between" | "nothing" {
  const padded = [...labels, ...new Array<string>(Math.max(0, OCTETS - labels.length)).fill("0")];
  const address = parseIpv4(padded.join("."));
  if (address === undefined) return "nothing";
  return labels.length < OCTETS ? "between" : address;
}

function readNibbles(labels: readonly string[]): bigint | "between" | "nothing" {
  if (labels.length > NIBBLES || !labels.every((label) => /^[0-9a-f]$/.test(label))) return "nothing";
  return labels.length < NIBBLES ? "between" : BigInt(`0x${labels.join("")}`);
}
