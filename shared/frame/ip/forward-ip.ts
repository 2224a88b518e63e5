/** What a router does to an IP packet on its way (RFC 1812 section 5.3.1, RFC 8200 section 3): one hop less. */
import { readUint16, writeUint16 } from "../bytes.ts";

const IPV4_TTL = 8;
const IPV4_CHECKSUM = 10;
const IPV6_HOP_LIMIT = 7;

/** How many hops the packet at `packet`, whose header is known to be there, may still take. */
export function readHops(bytes: Uint8Array, packet: number): number {
  return bytes[packet + ((bytes[packet] ?? 0) >>> 4 === 4 ? IPV4_TTL : IPV6_HOP_LIMIT)] ?? 0;
}

/** Takes one of its hops, of which it has at least one, and brings an IPv4 header's checksum up to date (RFC 1624). */
export function takeHop(bytes: Uint8Array, packet: number): void {
  const isIpv4 = (bytes[packet] ?? 0) >>> 4 === 4;
  const at = packet + (isIpv4 ? IPV4_TTL : IPV6_HOP_LIMIT);
  bytes[at] = (bytes[at] ?? 0) - 1;
  if (!isIpv4) return;
  // The word that holds it is less by 0x0100: its complement, and so the sum, is more.
  const sum = readUint16(bytes, packet + IPV4_CHECKSUM) + 0x0100;
  writeUint16(bytes, packet + IPV4_CHECKSUM, (sum & 0xffff) + (sum >>> 16));
}
