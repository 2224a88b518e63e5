/** Counts one hop of an IP packet, as a router does (RFC 1812 section 5.3.1, RFC 8200 section 3). */
import { readUint16, writeUint16 } from "../bytes.ts";

const IPV4_TTL = 8;
const IPV4_CHECKSUM = 10;
const IPV6_HOP_LIMIT = 7;

/** Returns the number of hops that the packet at `packet` may still take. The caller knows that its header is there. */
export function readHops(bytes: Uint8Array, packet: number): number {
  return bytes[packet + ((bytes[packet] ?? 0) >>> 4 === 4 ? IPV4_TTL : IPV6_HOP_LIMIT)] ?? 0;
}

/** Decrements the hop limit, which must be at least 1, and updates the checksum of an IPv4 header (RFC 1624). */
export function takeHop(bytes: Uint8Array, packet: number): void {
  const isIpv4 = (bytes[packet] ?? 0) >>> 4 === 4;
  const at = packet + (isIpv4 ? IPV4_TTL : IPV6_HOP_LIMIT);
  bytes[at] = (bytes[at] ?? 0) - 1;
  if (!isIpv4) return;
  // The word with the TTL decreases by 0x0100, so its complement in the sum increases.
  const sum = readUint16(bytes, packet + IPV4_CHECKSUM) + 0x0100;
  writeUint16(bytes, packet + IPV4_CHECKSUM, (sum & 0xffff) + (sum >>> 16));
}
