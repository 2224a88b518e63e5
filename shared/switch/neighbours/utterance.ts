/** What a frame says about who has which IP address, as far as it may be believed. */
import type { IpAddress, Ipv4Address, Ipv6Address } from "../../frame/address.ts";
import { ARP_REPLY, ARP_REQUEST, decodeArp } from "../../frame/arp.ts";
import { holds, readUint16 } from "../../frame/bytes.ts";
import {
  ETHERNET_HEADER_BYTES,
  ETHERNET_SOURCE_OFFSET,
  ETHERTYPE_ARP,
  ETHERTYPE_IPV4,
  ETHERTYPE_IPV6,
} from "../../frame/ethernet.ts";
import {
  DHCP_ACK,
  DHCP_CLIENT_PORT,
  DHCP_OP_REPLY,
  DHCP_SERVER_PORT,
  decodeDhcp,
} from "../../frame/ip/dhcp.ts";
import { isIcmpv6Intact } from "../../frame/ip/icmp.ts";
import { decodeIpv4, PROTOCOL_ICMPV6, PROTOCOL_UDP } from "../../frame/ip/ipv4.ts";
import {
  decodeNeighbourDiscovery,
  ND_HOP_LIMIT,
  ND_NEIGHBOUR_ADVERTISEMENT,
  ND_NEIGHBOUR_SOLICITATION,
  ND_ROUTER_ADVERTISEMENT,
  type NeighbourAdvertisement,
  type NeighbourDiscovery,
  type NeighbourSolicitation,
} from "../../frame/ip/neighbour-discovery.ts";
import { decodeUdp } from "../../frame/ip/udp.ts";
import { isUsableSource, readMac } from "../../frame/mac.ts";
import { Malformed } from "../../frame/malformed.ts";

const TYPE_OFFSET = 12;
const IPV4_PROTOCOL_OFFSET = 9;
const IPV6_NEXT_HEADER_OFFSET = 6;

/** What was said; all of it may be missing from a frame of ARP or ND that is odd, or that says nothing. */
export interface Utterance {
  /** Of the frame itself. */
  readonly source: number;
  readonly destination: number;
  /** That the sender has this address. */
  readonly claim?: SpokenClaim;
  /** Who has `address`? The answer goes to the sender, which has `asker`. */
  readonly question?: { readonly address: IpAddress; readonly asker: IpAddress };
  /** That the sender would like this address (RFC 5227 section 2.1, RFC 4862 section 5.4). */
  readonly probed?: IpAddress;
  /** That a DHCP server has given `address` to the machine with `mac`. */
  readonly lease?: { readonly address: Ipv4Address; readonly mac: number };
}

export interface SpokenClaim {
  readonly address: IpAddress;
  /** The R and O flags of an advertisement. */
  readonly router?: boolean | undefined;
  readonly override?: boolean;
  /** Without a MAC of its own: for one who is known already. */
  readonly weak?: boolean;
}

/**
 * Reads the frame in [frame, end). Undefined for all but ARP for IPv4, valid ND (RFC 4861 section 7.1) and
 * DHCPACKs, and for tagged frames: the addresses of one VLAN mean nothing in another.
 */
export function readUtterance(bytes: Uint8Array, frame: number, end: number): Utterance | undefined {
  if (!holds(bytes, frame, end, ETHERNET_HEADER_BYTES)) return undefined;
  const destination = readMac(bytes, frame);
  const source = readMac(bytes, frame + ETHERNET_SOURCE_OFFSET);
  if (!isUsableSource(source)) return undefined;
  const payload = frame + ETHERNET_HEADER_BYTES;
  switch (readUint16(bytes, frame + TYPE_OFFSET)) {
    case ETHERTYPE_ARP:
      return readArp(bytes, payload, end, { source, destination });
    case ETHERTYPE_IPV6:
      if (bytes[payload + IPV6_NEXT_HEADER_OFFSET] !== PROTOCOL_ICMPV6) return undefined;
      return readNd(bytes, payload, end, { source, destination });
    case ETHERTYPE_IPV4:
      if (bytes[payload + IPV4_PROTOCOL_OFFSET] !== PROTOCOL_UDP) return undefined;
      return readDhcp(bytes, payload, end, { source, destination });
    default:
      return undefined;
  }
}

/** Whether a machine may have this address: not the unspecified one, loopback, multicast or broadcast. */
export function isHostAddress(address: IpAddress): boolean {
  if (typeof address === "bigint") return address > 1n && address >> 120n !== 0xffn;
  const network = address >>> 24;
  return network !== 0 && network !== 127 && network < 224;
}

type Addresses = Pick<Utterance, "source" | "destination">;

function readArp(bytes: Uint8Array, start: number, end: number, ethernet: Addresses): Utterance | undefined {
  const arp = decodeArp(bytes, start, end);
  if (arp instanceof Malformed) return undefined;
  const { operation, senderMac, senderAddress, targetAddress } = arp;
  if (operation !== ARP_REQUEST && operation !== ARP_REPLY) return undefined;
  // Somebody speaks for another, a proxy or a liar: neither is learnt from, nor answered.
  if (senderMac !== ethernet.source) return ethernet;
  if (senderAddress === 0) {
    return operation === ARP_REQUEST ? { ...ethernet, probed: targetAddress } : ethernet;
  }
  if (!isHostAddress(senderAddress)) return ethernet;
  const claim: SpokenClaim = { address: senderAddress };
  // A request for one's own address is an announcement.
  if (operation === ARP_REPLY || senderAddress === targetAddress) return { ...ethernet, claim };
  return { ...ethernet, claim, question: { address: targetAddress, asker: senderAddress } };
}

function readNd(bytes: Uint8Array, start: number, end: number, ethernet: Addresses): Utterance | undefined {
  const message = decodeNeighbourDiscovery(bytes, start, end);
  if (message instanceof Malformed || !isValid(message, bytes)) return undefined;
  switch (message.type) {
    case ND_NEIGHBOUR_SOLICITATION:
      return readSolicitation(message, ethernet);
    case ND_NEIGHBOUR_ADVERTISEMENT:
      return readAdvertisement(message, ethernet);
    case ND_ROUTER_ADVERTISEMENT: {
      if (message.sourceMac !== ethernet.source || !isHostAddress(message.source)) return ethernet;
      // With a lifetime of 0 it may be a router all the same.
      const router = message.routerLifetime > 0 ? true : undefined;
      return { ...ethernet, claim: { address: message.source, router } };
    }
    default:
      return ethernet;
  }
}

function readSolicitation(message: NeighbourSolicitation, ethernet: Addresses): Utterance {
  const { source, target, sourceMac, signed } = message;
  if (!isHostAddress(target)) return ethernet;
  if (source === 0n) return { ...ethernet, probed: target };
  if (!isHostAddress(source)) return ethernet;
  if (sourceMac !== undefined && sourceMac !== ethernet.source) return ethernet;
  const claim: SpokenClaim = { address: source, weak: sourceMac === undefined };
  // Whoever signs wants signatures, which only the owner can give.
  if (signed) return { ...ethernet, claim };
  return { ...ethernet, claim, question: { address: target, asker: source } };
}

function readAdvertisement(message: NeighbourAdvertisement, ethernet: Addresses): Utterance {
  const { target, destination, targetMac, router, solicited, override } = message;
  if (!isHostAddress(target) || (solicited && isMulticast(destination))) return ethernet;
  if (targetMac !== undefined && targetMac !== ethernet.source) return ethernet;
  // To one who asks it alone a machine need not say its MAC, and can't override it then (RFC 4861 section 7.2.4).
  if (targetMac === undefined) return { ...ethernet, claim: { address: target, router, weak: true } };
  return { ...ethernet, claim: { address: target, router, override } };
}

function readDhcp(bytes: Uint8Array, start: number, end: number, ethernet: Addresses): Utterance | undefined {
  const packet = decodeIpv4(bytes, start, end);
  if (packet instanceof Malformed || packet.moreFragments || packet.fragmentOffset > 0) return undefined;
  // Its checksum may be left to an offload, so it is not looked at: a lease only gives rise to a question.
  const udp = decodeUdp(bytes, packet.payload, packet.end);
  if (udp instanceof Malformed) return undefined;
  if (udp.sourcePort !== DHCP_SERVER_PORT || udp.destinationPort !== DHCP_CLIENT_PORT) return undefined;
  const message = decodeDhcp(bytes, udp.payload, udp.end);
  if (message instanceof Malformed) return undefined;
  const { operation, messageType, yourAddress, clientMac } = message;
  if (operation !== DHCP_OP_REPLY || messageType !== DHCP_ACK) return undefined;
  if (clientMac === undefined || !isUsableSource(clientMac) || !isHostAddress(yourAddress)) return undefined;
  return { ...ethernet, lease: { address: yourAddress, mac: clientMac } };
}

function isValid(message: NeighbourDiscovery, bytes: Uint8Array): boolean {
  const { hopLimit, payload, end, source, destination } = message;
  return hopLimit === ND_HOP_LIMIT && isIcmpv6Intact(bytes, payload, end, source, destination);
}

function isMulticast(address: Ipv6Address): boolean {
  return address >> 120n === 0xffn;
}
