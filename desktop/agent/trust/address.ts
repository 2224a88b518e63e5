/**
 * Judges addresses that a relay gives an interface, regardless of this machine's state, which machine.ts and
 * interface.ts handle.
 */

import { formatAddress } from "../../../shared/frame/address.ts";
import {
  type Cidr,
  containsAddress,
  lastAddressOf,
  networkOf,
  overlaps,
  parseCidr,
} from "../../../shared/frame/cidr.ts";

/** Shorter prefixes cover a part of the Internet, or of a version's whole address space. */
const SHORTEST_PREFIX = { 4: 8, 6: 32 } as const;

/** Ranges that no relay may assign, by RFC 6890 and the IANA special-purpose registries. */
const FORBIDDEN: readonly (readonly [cidr: Cidr, why: string])[] = [
  ["0.0.0.0/8", "has unspecified addresses"],
  ["127.0.0.0/8", "has loopback addresses"],
  // Clouds also answer requests for a machine's own credentials here, at 169.254.169.254.
  ["169.254.0.0/16", "has link-local addresses"],
  ["224.0.0.0/4", "has multicast addresses"],
  ["240.0.0.0/4", "has reserved or broadcast addresses"],
  // ::, ::1, IPv4-mapped, and NAT64's well-known prefix.
  ["::/8", "has unspecified, loopback or translated addresses"],
  ["fe80::/10", "has link-local addresses"],
  ["ff00::/8", "has multicast addresses"],
].map(([text = "", why = ""]) => [known(text), why]);

/** Ranges for private, shared or documentation use, which are not part of the Internet. */
const PRIVATE: readonly Cidr[] = [
  "10.0.0.0/8",
  "172.16.0.0/12",
  "192.168.0.0/16",
  "100.64.0.0/10",
  "192.0.2.0/24",
  "198.18.0.0/15",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "fc00::/7",
  "2001:db8::/32",
  "3fff::/20",
].map(known);

/**
 * Reads an address that a relay gives.
 *
 * @param text CIDR
 * @param version the required IP version
 * @returns the address with its prefix length, or why it is refused: a clause after "it"
 */
export function judgeAddress(text: string, version: 4 | 6): Cidr | string {
  const cidr = parseCidr(text);
  if (cidr?.version !== version) return `is not an IPv${version} address with a prefix length`;
  const shortest = SHORTEST_PREFIX[version];
  if (cidr.prefix < shortest) return `has a prefix shorter than /${shortest}`;
  for (const [range, why] of FORBIDDEN) if (overlaps(range, cidr)) return why;
  return isOfNoMachine(cidr) ? "is the address of a network, not of a machine" : cidr;
}

/** Returns whether a network is entirely for private use, so that its route captures no part of the Internet. */
export function isPrivate(cidr: Cidr): boolean {
  return PRIVATE.some((range) => range.prefix <= cidr.prefix && containsAddress(range, cidr.address));
}

/**
 * Returns whether an address is its network's first (IPv6: anycast of its routers) or IPv4 broadcast; not in a network
 * of two or one.
 */
function isOfNoMachine(cidr: Cidr): boolean {
  const width = cidr.version === 4 ? 32 : 128;
  if (cidr.prefix >= width - 1) return false;
  if (cidr.address === networkOf(cidr).address) return true;
  return cidr.version === 4 && cidr.address === lastAddressOf(cidr);
}

/**
 * Returns the DNS servers that are within a network.
 *
 * @param servers addresses
 * @param own this machine's addresses in the network
 */
export function serversWithin(servers: readonly string[], own: readonly Cidr[]): string[] {
  return servers.filter((server) => {
    const host = hostOf(server);
    if (host === undefined) return false;
    return own.some(
      (cidr) => containsAddress(cidr, host.address) && host.address !== cidr.address && !isEdge(host, cidr),
    );
  });
}

/** Returns an address as a network of one; undefined for an invalid text. */
export function hostOf(text: string): Cidr | undefined {
  return parseCidr(`${text}/${text.includes(":") ? 128 : 32}`);
}

function isEdge(host: Cidr, { prefix }: Cidr): boolean {
  return isOfNoMachine({ ...host, prefix } as Cidr);
}

/** Returns whether a text is a multicast address of either version. */
export function isMulticastText(text: string): boolean {
  const host = hostOf(text);
  if (host === undefined) return false;
  return host.version === 4 ? host.address >>> 28 === 0xe : host.address >> 120n === 0xffn;
}

function known(text: string): Cidr {
  const cidr = parseCidr(text);
  if (cidr === undefined) throw new Error(`${text} is no CIDR`);
  return cidr;
}

/** Formats the network of an address. */
export function formatNetwork(cidr: Cidr): string {
  return `${formatAddress(networkOf(cidr).address)}/${cidr.prefix}`;
}
