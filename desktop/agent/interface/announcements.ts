/** Frames that announce a new MAC address for a machine's addresses. */
import { parseAddress } from "../../../shared/frame/address.ts";
import { ARP_BYTES, ARP_REPLY, ARP_REQUEST, encodeArp } from "../../../shared/frame/arp.ts";
import {
  ETHERNET_HEADER_BYTES,
  ETHERTYPE_ARP,
  ETHERTYPE_IPV6,
  encodeEthernet,
} from "../../../shared/frame/ethernet.ts";
import { PROTOCOL_ICMPV6 } from "../../../shared/frame/ip/ipv4.ts";
import { encodeIpv6, IPV6_HEADER_BYTES } from "../../../shared/frame/ip/ipv6.ts";
import {
  encodeNeighbourAdvertisement,
  ND_HOP_LIMIT,
  ND_LINK_ADDRESS_BYTES,
  ND_NEIGHBOUR_BYTES,
} from "../../../shared/frame/ip/neighbour-discovery.ts";
import { BROADCAST_MAC } from "../../../shared/frame/mac.ts";

/** `ff02::1`, all nodes, and its MAC address (RFC 2464 section 7). */
const ALL_NODES = 0xff02_0000_0000_0000_0000_0000_0000_0001n;
const ALL_NODES_MAC = 0x3333_0000_0001;

/**
 * Returns announcements of a machine's addresses. For IPv4: ARP announcements (RFC 5227 section 2.3) as request and as
 * reply, because systems differ in which they accept. For IPv6: unsolicited neighbour advertisements (RFC 4861 section
 * 7.2.6).
 *
 * @param mac the machine's, 48 bits
 * @param addresses IPv4 and IPv6; others are skipped
 */
export function announcements(mac: number, addresses: readonly string[]): Uint8Array[] {
  return addresses.flatMap((text) => {
    const address = parseAddress(text);
    if (address === undefined) return [];
    if (typeof address === "number") {
      return [arp(mac, address, ARP_REQUEST), arp(mac, address, ARP_REPLY)];
    }
    return [advertisement(mac, address)];
  });
}

function arp(mac: number, address: number, operation: number): Uint8Array {
  const frame = new Uint8Array(ETHERNET_HEADER_BYTES + ARP_BYTES);
  const header = { destination: BROADCAST_MAC, source: mac, tags: [], etherType: ETHERTYPE_ARP };
  const said = { operation, senderMac: mac, senderAddress: address, targetMac: mac, targetAddress: address };
  encodeArp(frame, encodeEthernet(frame, 0, header), said);
  return frame;
}

function advertisement(mac: number, address: bigint): Uint8Array {
  const payloadLength = ND_NEIGHBOUR_BYTES + ND_LINK_ADDRESS_BYTES;
  const frame = new Uint8Array(ETHERNET_HEADER_BYTES + IPV6_HEADER_BYTES + payloadLength);
  const ends = { source: address, destination: ALL_NODES };
  const header = { destination: ALL_NODES_MAC, source: mac, tags: [], etherType: ETHERTYPE_IPV6 };
  const ip = encodeIpv6(frame, encodeEthernet(frame, 0, header), {
    ...ends,
    nextHeader: PROTOCOL_ICMPV6,
    hopLimit: ND_HOP_LIMIT,
    payloadLength,
  });
  const flags = { router: false, solicited: false, override: true };
  encodeNeighbourAdvertisement(frame, ip, { ...ends, ...flags, target: address, targetMac: mac });
  return frame;
}
