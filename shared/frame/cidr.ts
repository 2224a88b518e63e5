/** An address with the length of its network's prefix (RFC 4632 §3.1, RFC 4291 §2.3): `10.20.0.7/24`. */
import {
  formatAddress,
  type IpAddress,
  type Ipv4Address,
  type Ipv6Address,
  parseAddress,
} from "./address.ts";

export interface Ipv4Cidr {
  readonly version: 4;
  /** The address with its host bits: `10.20.0.7/24` keeps the 7. */
  readonly address: Ipv4Address;
  /** 0–32. */
  readonly prefix: number;
}

export interface Ipv6Cidr {
  readonly version: 6;
  /** The address with its host bits. */
  readonly address: Ipv6Address;
  /** 0–128. */
  readonly prefix: number;
}

export type Cidr = Ipv4Cidr | Ipv6Cidr;

const PREFIX = /^(?:0|[1-9][0-9]{0,2})$/;

/** Parses `10.20.0.7/24` or `fd00::7/64`; undefined for anything else, also without a prefix. */
export function parseCidr(text: string): Cidr | undefined {
  const slash = text.indexOf("/");
  if (slash < 0) return undefined;
  const address = parseAddress(text.slice(0, slash));
  const digits = text.slice(slash + 1);
  if (address === undefined || !PREFIX.test(digits)) return undefined;
  const prefix = Number(digits);
  return prefix <= widthOf(address) ? cidrOf(address, prefix) : undefined;
}

/** Formats `cidr` so that {@link parseCidr} reads the same. */
export function formatCidr(cidr: Cidr): string {
  return `${formatAddress(cidr.address)}/${cidr.prefix}`;
}

/** Returns the network of `cidr`, with host bits of 0: `10.20.0.7/24` → `10.20.0.0/24`. */
export function networkOf(cidr: Cidr): Cidr {
  return withHostBits(cidr, 0n);
}

/** Returns the highest address of the network of `cidr`, which for IPv4 is its broadcast address. */
export function lastAddressOf(cidr: Cidr): IpAddress {
  return withHostBits(cidr, hostMask(cidr)).address;
}

/** Returns whether `address` is in the network of `cidr`; false for an address of the other version. */
export function containsAddress(cidr: Cidr, address: IpAddress): boolean {
  if (typeof address !== typeof cidr.address) return false;
  return networkOf(cidrOf(address, cidr.prefix)).address === networkOf(cidr).address;
}

/** Returns whether two networks have an address in common. */
export function overlaps(one: Cidr, other: Cidr): boolean {
  return one.prefix <= other.prefix
    ? containsAddress(one, other.address)
    : containsAddress(other, one.address);
}

function widthOf(address: IpAddress): number {
  return typeof address === "number" ? 32 : 128;
}

function cidrOf(address: IpAddress, prefix: number): Cidr {
  return typeof address === "number" ? { version: 4, address, prefix } : { version: 6, address, prefix };
}

function hostMask(cidr: Cidr): bigint {
  return (1n << BigInt(widthOf(cidr.address) - cidr.prefix)) - 1n;
}

function withHostBits(cidr: Cidr, bits: bigint): Cidr {
  const address = (BigInt(cidr.address) & ~hostMask(cidr)) | bits;
  return cidrOf(cidr.version === 4 ? Number(address) : address, cidr.prefix);
}
