/** Reads what a frame says about the owners of IP addresses, as far as it is credible. */
import type { IpAddress, Ipv4Address, Ipv6Address } from "../../frame/address.ts";
import { ARP_REPLY, ARP_REQUEST, decodeArp } from "../../frame/arp.ts";
import { ETHERTYPE_ARP, ETHERTYPE_IPV4, ETHERTYPE_IPV6 } from "../../frame/ethernet.ts";
import {
  DHCP_ACK,
  DHCP_CLIENT_PORT,
  DHCP_OP_REPLY,
  DHCP_SERVER_PORT,
  decodeDhcp,
} from "../../frame/ip/dhcp.ts";
import { isIcmpv6Intact } from "../../frame/ip/icmp.ts";
import { decodeIpv4, PROTOCOL_ICMPV6 } from "../../frame/ip/ipv4.ts";
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
import { isUsableSource } from "../../frame/mac.ts";
import { Malformed } from "../../frame/malformed.ts";
import type { FrameView } from "../policy/frame-view.ts";

/** What a frame says about addresses. Odd messages of ARP and ND have only the MAC addresses. */
export interface Utterance {
  /** The frame's own MAC addresses. */
  readonly source: number;
  readonly destination: number;
  /** The claim that the sender has an address. */
  readonly claim?: SpokenClaim;
  /** A question for the owner of `address`, by a sender with the address `asker`. */
  readonly question?: { readonly address: IpAddress; readonly asker: IpAddress };
  /** An address that the sender probes for before it uses it (RFC 5227 section 2.1, RFC 4862 section 5.4). */
  readonly probed?: IpAddress;
  /** A lease of `address` by a DHCP server to the machine with `mac`. */
  readonly lease?: { readonly address: Ipv4Address; readonly mac: number };
}

export interface SpokenClaim {
  readonly address: IpAddress;
  /** The R and O flags of an advertisement. */
  readonly router?: boolean | undefined;
  readonly override?: boolean;
  /** Whether it names no MAC address, so that it counts only for a known owner. */
  readonly weak?: boolean;
}

/**
 * Reads what a frame says about addresses. Undefined for all but ARP for IPv4, valid ND (RFC 4861 section 7.1) and
 * DHCPACKs, and for tagged frames: the addresses of one VLAN mean nothing in another.
 */
export function readUtterance(view: FrameView): Utterance | undefined {
  if (view.tags !== 0 || !isUsableSource(view.source)) return undefined;
  switch (view.type) {
    case ETHERTYPE_ARP:
      return readArp(view);
    case ETHERTYPE_IPV6:
      return view.protocol === PROTOCOL_ICMPV6 ? readNd(view) : undefined;
    case ETHERTYPE_IPV4:
      return view.sourcePort === DHCP_SERVER_PORT && view.destinationPort === DHCP_CLIENT_PORT
        ? readDhcp(view)
        : undefined;
    default:
      return undefined;
  }
}

/** Returns whether a machine may have this address: not the unspecified one, loopback, multicast or broadcast. */
export function isHostAddress(address: IpAddress): boolean {
  if (typeof address === "bigint") return address > 1n && address >> 120n !== 0xffn;
  const network = address >>> 24;
  return network !== 0 && network !== 127 && network < 224;
}

type Addresses = Pick<Utterance, "source" | "destination">;

/** Copies the addresses, because the view is reused. */
function addressesOf({ source, destination }: FrameView): Addresses {
  return { source, destination };
}

function readArp(view: FrameView): Utterance | undefined {
  const arp = decodeArp(view.bytes, view.payload, view.end);
  if (arp instanceof Malformed) return undefined;
  const { operation, senderMac, senderAddress, targetAddress } = arp;
  if (operation !== ARP_REQUEST && operation !== ARP_REPLY) return undefined;
  const ethernet = addressesOf(view);
  // The sender speaks for another machine: it is a proxy or lies, so the hub neither learns nor answers.
  if (senderMac !== ethernet.source) return ethernet;
  if (senderAddress === 0) {
    return operation === ARP_REQUEST ? { ...ethernet, probed: targetAddress } : ethernet;
  }
  if (!isHostAddress(senderAddress)) return ethernet;
  const claim: SpokenClaim = { address: senderAddress };
  // A request for the sender's own address is an announcement.
  if (operation === ARP_REPLY || senderAddress === targetAddress) return { ...ethernet, claim };
  return { ...ethernet, claim, question: { address: targetAddress, asker: senderAddress } };
}

function readNd(view: FrameView): Utterance | undefined {
  const message = decodeNeighbourDiscovery(view.bytes, view.payload, view.end);
  if (message instanceof Malformed || !isValid(message, view.bytes)) return undefined;
  const ethernet = addressesOf(view);
  switch (message.type) {
    case ND_NEIGHBOUR_SOLICITATION:
      return readSolicitation(message, ethernet);
    case ND_NEIGHBOUR_ADVERTISEMENT:
      return readAdvertisement(message, ethernet);
    case ND_ROUTER_ADVERTISEMENT: {
      if (message.sourceMac !== ethernet.source || !isHostAddress(message.source)) return ethernet;
      // With a lifetime of 0 the sender may still be a router.
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
  // A machine that signs expects a signed answer, which only the owner can give.
  if (signed) return { ...ethernet, claim };
  return { ...ethernet, claim, question: { address: target, asker: source } };
}

function readAdvertisement(message: NeighbourAdvertisement, ethernet: Addresses): Utterance {
  const { target, destination, targetMac, router, solicited, override } = message;
  if (!isHostAddress(target) || (solicited && isMulticast(destination))) return ethernet;
  if (targetMac !== undefined && targetMac !== ethernet.source) return ethernet;
  // In an answer to a unicast question a machine may omit its MAC, and then does not override (RFC 4861 section 7.2.4).
  if (targetMac === undefined) return { ...ethernet, claim: { address: target, router, weak: true } };
  return { ...ethernet, claim: { address: target, router, override } };
}

function readDhcp(view: FrameView): Utterance | undefined {
  const { bytes, payload, end, fragment } = view;
  const packet = decodeIpv4(bytes, payload, end);
  if (packet instanceof Malformed || fragment !== "none") return undefined;
  // The UDP checksum may be left to an offload, so it is not checked: a lease only gives rise to a question.
  const udp = decodeUdp(bytes, packet.payload, packet.end);
  if (udp instanceof Malformed) return undefined;
  const message = decodeDhcp(bytes, udp.payload, udp.end);
  if (message instanceof Malformed) return undefined;
  const { operation, messageType, yourAddress, clientMac } = message;
  if (operation !== DHCP_OP_REPLY || messageType !== DHCP_ACK) return undefined;
  if (clientMac === undefined || !isUsableSource(clientMac) || !isHostAddress(yourAddress)) return undefined;
  return { ...addressesOf(view), lease: { address: yourAddress, mac: clientMac } };
}

function isValid(message: NeighbourDiscovery, bytes: Uint8Array): boolean {
  const { hopLimit, payload, end, source, destination } = message;
  return hopLimit === ND_HOP_LIMIT && isIcmpv6Intact(bytes, payload, end, source, destination);
}

function isMulticast(address: Ipv6Address): boolean {
  return address >> 120n === 0xffn;
}
