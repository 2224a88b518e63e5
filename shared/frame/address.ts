/**
 * IP addresses as values: IPv4 is a number of 32 bits, IPv6 a bigint of 128, so both compare with `===` and
 * serve as the key of a Map; `typeof` tells them apart.
 */
import { requireField, requireUint128 } from "./bytes.ts";

/** An IPv4 address: 10.20.0.7 is 0x0a140007. */
export type Ipv4Address = number;

/** An IPv6 address: ::1 is 1n. */
export type Ipv6Address = bigint;

export type IpAddress = Ipv4Address | Ipv6Address;

const IPV6_GROUPS = 8;

/** No leading zeros: some programs read them as octal (RFC 6943 §3.1.1). */
const DECIMAL_BYTE = /^(?:0|[1-9][0-9]{0,2})$/;
const HEX_GROUP = /^[0-9a-f]{1,4}$/i;

/** Parses an address of either kind; undefined if the text is neither. */
export function parseAddress(text: string): IpAddress | undefined {
  return text.includes(":") ? parseIpv6(text) : parseIpv4(text);
}

/** Formats an address of either kind. */
export function formatAddress(address: IpAddress): string {
  return typeof address === "number" ? formatIpv4(address) : formatIpv6(address);
}

/** Parses four decimal bytes, `10.20.0.7`, and nothing shorter; undefined for anything else. */
export function parseIpv4(text: string): Ipv4Address | undefined {
  const parts = text.split(".");
  if (parts.length !== 4) return undefined;
  let address = 0;
  for (const part of parts) {
    const byte = Number(part);
    if (!DECIMAL_BYTE.test(part) || byte > 255) return undefined;
    address = address * 256 + byte;
  }
  return address;
}

/** Formats `10.20.0.7`. Throws a RangeError if `address` is not 32 bits. */
export function formatIpv4(address: Ipv4Address): string {
  requireField("IPv4 address", address, 0xffff_ffff);
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 0xff).join(".");
}

/**
 * Parses the text forms of RFC 4291 §2.2, with `::` and a trailing IPv4 address, without a zone; undefined
 * for anything else.
 */
export function parseIpv6(text: string): Ipv6Address | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const [head = "", tail] = halves;
  const before = parseGroups(head, tail === undefined);
  const after = tail === undefined ? [] : parseGroups(tail, true);
  if (before === undefined || after === undefined) return undefined;
  const missing = IPV6_GROUPS - before.length - after.length;
  // `::` stands for at least one group of zeros.
  if (tail === undefined ? missing !== 0 : missing < 1) return undefined;
  const groups = [...before, ...new Array<number>(missing).fill(0), ...after];
  return groups.reduce((address, group) => (address << 16n) | BigInt(group), 0n);
}

/**
 * Formats the canonical form of RFC 5952, with IPv4-mapped addresses as `::ffff:10.20.0.7`. Throws a
 * RangeError if it is not 128 bits.
 */
export function formatIpv6(address: Ipv6Address): string {
  requireUint128("IPv6 address", address);
  if (address >> 32n === 0xffffn) return `::ffff:${formatIpv4(Number(address & 0xffff_ffffn))}`;
  const groups: number[] = [];
  for (let shift = 112n; shift >= 0n; shift -= 16n) groups.push(Number((address >> shift) & 0xffffn));
  const zeros = longestZeros(groups);
  if (zeros.length < 2) return hex(groups);
  return `${hex(groups.slice(0, zeros.start))}::${hex(groups.slice(zeros.start + zeros.length))}`;
}

function hex(groups: readonly number[]): string {
  return groups.map((group) => group.toString(16)).join(":");
}

/** Returns the groups of one side of a `::`. An IPv4 address may end the text and counts as two groups. */
function parseGroups(text: string, endsTheText: boolean): number[] | undefined {
  if (text === "") return [];
  const parts = text.split(":");
  const groups: number[] = [];
  for (const [index, part] of parts.entries()) {
    if (HEX_GROUP.test(part)) {
      groups.push(Number.parseInt(part, 16));
      continue;
    }
    const embedded = endsTheText && index === parts.length - 1 ? parseIpv4(part) : undefined;
    if (embedded === undefined) return undefined;
    groups.push(embedded >>> 16, embedded & 0xffff);
  }
  return groups;
}

/** Returns the first of the longest runs of zero groups (RFC 5952 §4.2.3). */
function longestZeros(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  let length = 0;
  for (const [index, group] of groups.entries()) {
    length = group === 0 ? length + 1 : 0;
    if (length > best.length) best = { start: index - length + 1, length };
  }
  return best;
}

/** Returns the link-local address of a MAC address: the modified EUI-64 of RFC 4291 section 2.5.6 and appendix A. */
export function linkLocalOf(mac: number): Ipv6Address {
  const bits = BigInt(mac) ^ 0x0200_0000_0000n;
  return (0xfe80n << 112n) | ((bits >> 24n) << 40n) | (0xff_fen << 24n) | (bits & 0xff_ffffn);
}
