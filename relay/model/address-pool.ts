import { formatAddress, type Ipv6Address } from "../../shared/frame/address.ts";
import { type Ipv4Cidr, lastAddressOf, networkOf, parseCidr } from "../../shared/frame/cidr.ts";
import type { Network } from "./model.ts";

/** The IPv4 addresses of a subnet: those for devices, and the hub's own. */
export interface AddressPool {
  readonly prefix: number;
  /** The hub's own address: gateway and name server. */
  readonly hub: number;
  /** The range of addresses for devices. */
  readonly first: number;
  readonly last: number;
}

/** Returns a network's pool; undefined if it gives no addresses, is not IPv4, or has room only for the hub. */
export function addressPool({
  subnet,
  addresses,
}: Pick<Network, "subnet" | "addresses">): AddressPool | undefined {
  const cidr = subnet === undefined || !addresses ? undefined : parseCidr(subnet);
  if (cidr?.version !== 4 || cidr.prefix > 30) return undefined;
  const base = (networkOf(cidr) as Ipv4Cidr).address;
  return {
    prefix: cidr.prefix,
    hub: base + 1,
    first: base + 2,
    // The subnet's last address is its broadcast address.
    last: Number(lastAddressOf(cidr)) - 1,
  };
}

/** Prefix length of RFC 4193 for one network, which SLAAC and most kernels expect. */
export const PREFIX6_BITS = 64;

/** Bits of an address behind the prefix. */
const INTERFACE_BITS = 64n;

/** The last interface identifier before the subnet anycast addresses (RFC 2526 section 2). */
const LAST_INTERFACE = 0xfdff_ffff_ffff_ff7fn;

/** Identifiers made from IANA's own Ethernet addresses (RFC 5453 section 3): the high 40 bits. */
const RESERVED_INTERFACES = 0x02_005e_fffen;

/**
 * Returns the prefix of a network (RFC 4193 section 3.1): fd00::/8, the global ID, subnet 0.
 *
 * @param globalId 40 random bits (section 3.2)
 */
export function ulaPrefix(globalId: number): string {
  return `${formatAddress((0xfdn << 120n) | (BigInt(globalId) << 80n))}/${PREFIX6_BITS}`;
}

/**
 * Returns the hub's own address in a network's prefix: the one behind the routers' anycast address (RFC 4291 section
 * 2.6.1).
 */
export function hubAddress6(prefix6: string): Ipv6Address {
  return baseOf(prefix6) + 1n;
}

/**
 * Returns a random address in a network's prefix for a device. It reveals nothing about the device and is unique in
 * practice.
 *
 * @returns neither the hub's, nor a reserved one (RFC 5453)
 */
export function randomAddress6(prefix6: string): Ipv6Address {
  for (;;) {
    const [bits = 0n] = crypto.getRandomValues(new BigUint64Array(1));
    if (bits < 2n || bits > LAST_INTERFACE || bits >> 24n === RESERVED_INTERFACES) continue;
    return baseOf(prefix6) + bits;
  }
}

function baseOf(prefix6: string): Ipv6Address {
  const cidr = parseCidr(prefix6);
  if (cidr?.version !== 6 || cidr.prefix !== PREFIX6_BITS) throw new RangeError(`${prefix6} is no IPv6 /64`);
  return (cidr.address >> INTERFACE_BITS) << INTERFACE_BITS;
}
