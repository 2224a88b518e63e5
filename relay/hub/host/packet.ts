import type { IpAddress, Ipv4Address, Ipv6Address } from "../../../shared/frame/address.ts";
import {
  decodeEthernet,
  ETHERNET_HEADER_BYTES,
  ETHERTYPE_IPV4,
  ETHERTYPE_IPV6,
  encodeEthernet,
} from "../../../shared/frame/ethernet.ts";
import { decodeIpv4, encodeIpv4, IPV4_HEADER_BYTES } from "../../../shared/frame/ip/ipv4.ts";
import { decodeIpv6, encodeIpv6, IPV6_HEADER_BYTES } from "../../../shared/frame/ip/ipv6.ts";
import { Malformed } from "../../../shared/frame/malformed.ts";

interface CarriedPacket<Version, Address> {
  readonly version: Version;
  readonly bytes: Uint8Array;
  /** The source MAC address. */
  readonly sender: number;
  readonly source: Address;
  readonly destination: Address;
  /** ICMP, UDP, …, or an IPv6 extension header. */
  readonly protocol: number;
  readonly payload: number;
  readonly end: number;
}

export type HostPacket4 = CarriedPacket<4, Ipv4Address>;
export type HostPacket6 = CarriedPacket<6, Ipv6Address>;

/** An IP packet for the hub itself, with its payload in `bytes[payload, end)`. */
export type HostPacket = HostPacket4 | HostPacket6;

/**
 * Parses the frame in [frame, end).
 *
 * @returns undefined if it is not an IP packet, is a fragment, or has a VLAN tag
 */
export function readPacket(
  bytes: Uint8Array,
  frame: number,
  end: number,
): HostPacket | Malformed | undefined {
  const ethernet = decodeEthernet(bytes, frame, end);
  if (ethernet instanceof Malformed) return ethernet;
  const { source: sender, etherType, payload: start, tags } = ethernet;
  if (tags.length > 0) return undefined;
  if (etherType === ETHERTYPE_IPV4) {
    const ip = decodeIpv4(bytes, start, ethernet.end);
    if (ip instanceof Malformed) return ip;
    if (ip.moreFragments || ip.fragmentOffset > 0) return undefined;
    const { source, destination, protocol, payload, end: packetEnd } = ip;
    return { version: 4, bytes, sender, source, destination, protocol, payload, end: packetEnd };
  }
  if (etherType !== ETHERTYPE_IPV6) return undefined;
  const ip = decodeIpv6(bytes, start, ethernet.end);
  if (ip instanceof Malformed) return ip;
  const { source, destination, nextHeader: protocol, payload, end: packetEnd } = ip;
  return { version: 6, bytes, sender, source, destination, protocol, payload, end: packetEnd };
}

/** Returns the bytes of headers before a packet's payload, without options or extensions. */
export function ipHeaderBytes(address: IpAddress): number {
  return typeof address === "number" ? IPV4_HEADER_BYTES : IPV6_HEADER_BYTES;
}

/**
 * Creates the frame that answers a packet.
 *
 * @param mac the hub's own
 * @param payloadLength bytes of the answer's payload
 * @returns the frame and the payload's offset; undefined if it exceeds what a packet may carry
 */
export function replyTo(
  request: HostPacket,
  mac: number,
  payloadLength: number,
): { frame: Uint8Array; payload: number } | undefined {
  const { version, sender, protocol } = request;
  const frame = new Uint8Array(ETHERNET_HEADER_BYTES + ipHeaderBytes(request.source) + payloadLength);
  const etherType = version === 4 ? ETHERTYPE_IPV4 : ETHERTYPE_IPV6;
  const ip = encodeEthernet(frame, 0, { destination: sender, source: mac, tags: [], etherType });
  const payload =
    request.version === 4
      ? encodeIpv4(frame, ip, { ...turned(request), protocol, payloadLength })
      : encodeIpv6(frame, ip, { ...turned(request), nextHeader: protocol, payloadLength });
  return payload === undefined ? undefined : { frame, payload };
}

/** Swaps source and destination. */
function turned<Address>({ source, destination }: { source: Address; destination: Address }) {
  return { source: destination, destination: source };
}
