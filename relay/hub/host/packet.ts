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
  /** The MAC address that it came from. */
  readonly sender: number;
  readonly source: Address;
  readonly destination: Address;
  /** ICMP, UDP, …; an IPv6 extension header where there is one. */
  readonly protocol: number;
  readonly payload: number;
  readonly end: number;
}

export type HostPacket4 = CarriedPacket<4, Ipv4Address>;
export type HostPacket6 = CarriedPacket<6, Ipv6Address>;

/** An IP packet that came to the hub itself: what it carries is [payload, end) of `bytes`. */
export type HostPacket = HostPacket4 | HostPacket6;

/**
 * Reads the frame in [frame, end).
 *
 * @returns undefined for what is no IP packet, a fragment, or in a VLAN of its own
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

/** Bytes of the headers before what a packet carries, where it has neither options nor extensions. */
export function ipHeaderBytes(address: IpAddress): number {
  return typeof address === "number" ? IPV4_HEADER_BYTES : IPV6_HEADER_BYTES;
}

/**
 * Begins the frame that goes back to where a packet came from.
 *
 * @param mac the hub's own
 * @param payloadLength of what it is to carry, in bytes
 * @returns the frame, and where that goes; undefined where it is more than a packet may carry
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

/** Its addresses, each in the other's place. */
function turned<Address>({ source, destination }: { source: Address; destination: Address }) {
  return { source: destination, destination: source };
}
