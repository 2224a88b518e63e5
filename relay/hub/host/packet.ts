import type { IpAddress } from "../../../shared/frame/address.ts";
import {
  decodeEthernet,
  ETHERNET_HEADER_BYTES,
  ETHERTYPE_IPV4,
  ETHERTYPE_IPV6,
  encodeEthernet,
} from "../../../shared/frame/ethernet.ts";
import { decodeIpv4, encodeIpv4, IPV4_HEADER_BYTES } from "../../../shared/frame/ipv4.ts";
import { decodeIpv6, encodeIpv6, IPV6_HEADER_BYTES } from "../../../shared/frame/ipv6.ts";
import { Malformed } from "../../../shared/frame/malformed.ts";

/** An IP packet that came to the hub itself: what it carries is [payload, end) of `bytes`. */
export interface HostPacket {
  readonly bytes: Uint8Array;
  /** The MAC address that it came from. */
  readonly sender: number;
  readonly source: IpAddress;
  readonly destination: IpAddress;
  /** ICMP, UDP, …; an IPv6 extension header where there is one. */
  readonly protocol: number;
  readonly payload: number;
  readonly end: number;
}

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
    return { bytes, sender, source, destination, protocol, payload, end: packetEnd };
  }
  if (etherType !== ETHERTYPE_IPV6) return undefined;
  const ip = decodeIpv6(bytes, start, ethernet.end);
  if (ip instanceof Malformed) return ip;
  const { source, destination, nextHeader: protocol, payload, end: packetEnd } = ip;
  return { bytes, sender, source, destination, protocol, payload, end: packetEnd };
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
 * @returns the frame, and where that goes
 */
export function replyTo(
  request: HostPacket,
  mac: number,
  payloadLength: number,
): { frame: Uint8Array; payload: number } {
  const { sender, source, destination, protocol } = request;
  const frame = new Uint8Array(ETHERNET_HEADER_BYTES + ipHeaderBytes(source) + payloadLength);
  const etherType = typeof source === "number" ? ETHERTYPE_IPV4 : ETHERTYPE_IPV6;
  const ip = encodeEthernet(frame, 0, { destination: sender, source: mac, tags: [], etherType });
  if (typeof source === "number" && typeof destination === "number") {
    const fields = { source: destination, destination: source, protocol, payloadLength };
    return { frame, payload: encodeIpv4(frame, ip, fields) };
  }
  if (typeof source === "number" || typeof destination === "number") throw new TypeError("two IP versions");
  const fields = { source: destination, destination: source, nextHeader: protocol, payloadLength };
  return { frame, payload: encodeIpv6(frame, ip, fields) };
}
