import { Malformed } from "../malformed.ts";
import { decodeIpv4, encodeIpv4, IPV4_HEADER_BYTES, type Ipv4 } from "./ipv4.ts";

/** The flag of an option that every fragment repeats (RFC 791 section 3.1). */
const COPIED = 0x80;
const END_OF_OPTIONS = 0;
const NO_OPERATION = 1;

/**
 * Cuts the IPv4 packet at [packet, end) into fragments of `mtu` bytes at most (RFC 791 section 3.2); each is a copy.
 *
 * @param room bytes to leave free in front of each fragment
 * @returns undefined if DF forbids it, if no payload would fit (an MTU under 28 and options), or if a fragment
 *   would end beyond the greatest length of a packet
 */
export function fragmentIpv4(
  bytes: Uint8Array,
  packet: number,
  end: number,
  mtu: number,
  room = 0,
): Uint8Array[] | undefined {
  const ip = decodeIpv4(bytes, packet, end);
  if (ip instanceof Malformed || ip.dontFragment) return undefined;
  const fragments: Uint8Array[] = [];
  const later = copiedOptions(ip.options);
  for (let at = 0; at < ip.payloadLength || fragments.length === 0; ) {
    const options = fragments.length === 0 ? ip.options : later;
    const header = IPV4_HEADER_BYTES + options.length;
    const left = ip.payloadLength - at;
    const size = header + left <= mtu ? left : (mtu - header) & ~7;
    if (size <= 0 && left > 0) return undefined;
    const made = fragment(bytes, ip, options, at, size, room);
    if (made === undefined) return undefined;
    fragments.push(made);
    at += size;
  }
  return fragments;
}

function fragment(
  bytes: Uint8Array,
  ip: Ipv4,
  options: Uint8Array,
  at: number,
  size: number,
  room: number,
): Uint8Array | undefined {
  const made = new Uint8Array(room + IPV4_HEADER_BYTES + options.length + size);
  const payload = encodeIpv4(made, room, {
    ...ip,
    options,
    payloadLength: size,
    fragmentOffset: ip.fragmentOffset + at / 8,
    moreFragments: ip.moreFragments || at + size < ip.payloadLength,
  });
  if (payload === undefined) return undefined;
  made.set(bytes.subarray(ip.payload + at, ip.payload + at + size), payload);
  return made;
}

/** Returns the options that later fragments repeat, padded to whole words. */
function copiedOptions(options: Uint8Array): Uint8Array {
  const copied: number[] = [];
  for (let at = 0; at < options.length; ) {
    const type = options[at] ?? END_OF_OPTIONS;
    if (type === END_OF_OPTIONS) break;
    const length = type === NO_OPERATION ? 1 : (options[at + 1] ?? 0);
    // Options that cannot be read go into the first fragment only.
    if (length < 1 || (type !== NO_OPERATION && length < 2) || at + length > options.length) break;
    if ((type & COPIED) !== 0) copied.push(...options.subarray(at, at + length));
    at += length;
  }
  while (copied.length % 4 !== 0) copied.push(END_OF_OPTIONS);
  return Uint8Array.from(copied);
}
