/**
 * Decides for which groups membership matters. Addresses are signed 32-bit words: an IPv4 address, or the four of an
 * IPv6 one.
 */
import type { IpAddress } from "../../frame/address.ts";

/** 239.255.255.250, SSDP. */
const SSDP_IPV4 = 0xefff_fffa | 0;
/** The last words of ff02::c and ff05::c, SSDP, and ff02::fb and ff05::fb, mDNS. */
const SSDP_IPV6 = 0xc;
const MDNS_IPV6 = 0xfb;

const LINK_SCOPE_IPV6 = 0xff02_0000 | 0;
const SITE_SCOPE_IPV6 = 0xff05_0000 | 0;
const ALL_NODES_IPV6 = 1;

/**
 * Returns whether traffic to a group of IPv4 goes to all ports: the local network control block 224.0.0.0/24 (RFC 4541
 * §2.1.2), which includes mDNS, and SSDP. Many printers, televisions and lamps never report the groups by which they are
 * found.
 */
export function isFloodedIpv4(group: number): boolean {
  return group >>> 8 === 0xe0_0000 || group === SSDP_IPV4;
}

/** Returns the same for IPv6: ff02::1 (RFC 4541 §3), and for the same reason SSDP and mDNS. */
export function isFloodedIpv6(w0: number, w1: number, w2: number, w3: number): boolean {
  if (w1 !== 0 || w2 !== 0 || (w0 !== LINK_SCOPE_IPV6 && w0 !== SITE_SCOPE_IPV6)) return false;
  return w3 === SSDP_IPV6 || w3 === MDNS_IPV6 || (w3 === ALL_NODES_IPV6 && w0 === LINK_SCOPE_IPV6);
}

/** Returns whether an address is a group with members that matter. */
export function isFollowed(address: IpAddress): boolean {
  if (typeof address === "number") return address >>> 28 === 0xe && !isFloodedIpv4(address | 0);
  if (address >> 120n !== 0xffn) return false;
  const word = (shift: bigint) => Number(BigInt.asIntN(32, address >> shift));
  return !isFloodedIpv6(word(96n), word(64n), word(32n), word(0n));
}
