/** Builds the hub's answers and questions: whole frames without FCS, untagged; undefined for fields out of range. */
import { type IpAddress, type Ipv4Address, type Ipv6Address, linkLocalOf } from "../../frame/address.ts";
import { ARP_BYTES, ARP_REPLY, ARP_REQUEST, type Arp, encodeArp } from "../../frame/arp.ts";
import type { Written } from "../../frame/bytes.ts";
import {
  ETHERNET_HEADER_BYTES,
  ETHERTYPE_ARP,
  ETHERTYPE_IPV6,
  encodeEthernet,
} from "../../frame/ethernet.ts";
import { PROTOCOL_ICMPV6 } from "../../frame/ip/ipv4.ts";
import { encodeIpv6, IPV6_HEADER_BYTES } from "../../frame/ip/ipv6.ts";
import {
  type AdvertisementFields,
  encodeNeighbourAdvertisement,
  encodeNeighbourSolicitation,
  ND_HOP_LIMIT,
  ND_LINK_ADDRESS_BYTES,
  ND_NEIGHBOUR_BYTES,
} from "../../frame/ip/neighbour-discovery.ts";
import { BROADCAST_MAC } from "../../frame/mac.ts";

const ND_PAYLOAD_BYTES = ND_NEIGHBOUR_BYTES + ND_LINK_ADDRESS_BYTES;

/** ff02::1:ff00:0/104 (RFC 4291 section 2.7.1). */
const SOLICITED_NODES = (0xff02n << 112n) | 0x1_ff00_0000n;

/**
 * Builds the reply that the owner of `address` would send. Its Ethernet source is the owner's MAC (RFC 9161 section 3.2),
 * so that bridges on the asker's side learn the way to the owner.
 */
export function arpReply(
  owner: number,
  address: Ipv4Address,
  asker: number,
  askerAddress: Ipv4Address,
): Uint8Array | undefined {
  return arpFrame(asker, owner, {
    operation: ARP_REPLY,
    senderMac: owner,
    senderAddress: address,
    targetMac: asker,
    targetAddress: askerAddress,
  });
}

/**
 * Builds a question to the machine at `mac` alone whether it has `address`. The hub has no IPv4 address. A request without
 * one is a probe (RFC 5227 section 1.1): machines answer it and learn nothing from it.
 */
export function arpProbe(hub: number, mac: number, address: Ipv4Address): Uint8Array | undefined {
  return arpFrame(mac, hub, {
    operation: ARP_REQUEST,
    senderMac: hub,
    senderAddress: 0,
    targetMac: 0,
    targetAddress: address,
  });
}

/** Builds the advertisement that the machine at `fields.targetMac` would send to `destinationMac`. */
export function advertisement(destinationMac: number, fields: AdvertisementFields): Uint8Array | undefined {
  const bytes = new Uint8Array(ETHERNET_HEADER_BYTES + IPV6_HEADER_BYTES + ND_PAYLOAD_BYTES);
  const { source, destination, targetMac } = fields;
  const payload = encodeIpv6Packet(bytes, destinationMac, targetMac, source, destination);
  return encodeNeighbourAdvertisement(bytes, payload, fields) === undefined ? undefined : bytes;
}

/** Builds a question to the machine at `mac` alone whether it has `target` (RFC 4861 section 7.3.1). */
export function solicitation(hub: number, mac: number, target: Ipv6Address): Uint8Array | undefined {
  const bytes = new Uint8Array(ETHERNET_HEADER_BYTES + IPV6_HEADER_BYTES + ND_PAYLOAD_BYTES);
  const source = linkLocalOf(hub);
  const payload = encodeIpv6Packet(bytes, mac, hub, source, target);
  const asked = { source, destination: target, target, sourceMac: hub };
  return encodeNeighbourSolicitation(bytes, payload, asked) === undefined ? undefined : bytes;
}

/**
 * Builds a question to all machines for the owner of `address`, as a machine with the address `own` sends it before a packet
 * (RFC 826; RFC 4861 section 7.2.2).
 */
export function addressQuestion(mac: number, own: IpAddress, address: IpAddress): Uint8Array | undefined {
  if (typeof address === "number") {
    return arpFrame(BROADCAST_MAC, mac, {
      operation: ARP_REQUEST,
      senderMac: mac,
      senderAddress: typeof own === "number" ? own : 0,
      targetMac: 0,
      targetAddress: address,
    });
  }
  const bytes = new Uint8Array(ETHERNET_HEADER_BYTES + IPV6_HEADER_BYTES + ND_PAYLOAD_BYTES);
  const source = typeof own === "bigint" ? own : linkLocalOf(mac);
  // The solicited-node group of the address (RFC 4291 section 2.7.1), and its MAC (RFC 2464 section 7).
  const low = address & 0xff_ffffn;
  const destination = SOLICITED_NODES | low;
  const payload = encodeIpv6Packet(bytes, 0x3333_ff00_0000 + Number(low), mac, source, destination);
  const asked = { source, destination, target: address, sourceMac: mac };
  return encodeNeighbourSolicitation(bytes, payload, asked) === undefined ? undefined : bytes;
}

function arpFrame(destination: number, source: number, arp: Arp): Uint8Array | undefined {
  const bytes = new Uint8Array(ETHERNET_HEADER_BYTES + ARP_BYTES);
  const header = { destination, source, tags: [], etherType: ETHERTYPE_ARP };
  return encodeArp(bytes, encodeEthernet(bytes, 0, header), arp) === undefined ? undefined : bytes;
}

function encodeIpv6Packet(
  bytes: Uint8Array,
  destinationMac: number,
  sourceMac: number,
  source: Ipv6Address,
  destination: Ipv6Address,
): Written {
  const header = { destination: destinationMac, source: sourceMac, tags: [], etherType: ETHERTYPE_IPV6 };
  return encodeIpv6(bytes, encodeEthernet(bytes, 0, header), {
    source,
    destination,
    nextHeader: PROTOCOL_ICMPV6,
    hopLimit: ND_HOP_LIMIT,
    payloadLength: ND_PAYLOAD_BYTES,
  });
}
