// Frames that no kernel would send for the test, byte by byte.
import { parseAddress } from "../../../shared/frame/address.ts";
import { ARP_BYTES, ARP_REQUEST, encodeArp } from "../../../shared/frame/arp.ts";
import {
  ETHERNET_HEADER_BYTES,
  ETHERTYPE_ARP,
  ETHERTYPE_IPV4,
  ETHERTYPE_IPV6,
  encodeEthernet,
} from "../../../shared/frame/ethernet.ts";
import { encodeIpv4, PROTOCOL_ICMPV6 } from "../../../shared/frame/ip/ipv4.ts";
import { encodeIpv6, IPV6_HEADER_BYTES } from "../../../shared/frame/ip/ipv6.ts";
import { ND_HOP_LIMIT, ND_ROUTER_ADVERTISEMENT } from "../../../shared/frame/ip/neighbour-discovery.ts";
import { BROADCAST_MAC, parseMac } from "../../../shared/frame/mac.ts";
import { EXPERIMENTAL } from "../../desktop/agent/tap/packet-socket.ts";
import { sealIcmpv6 } from "../../shared/frame/group-messages.ts";

export const BROADCAST = "ff:ff:ff:ff:ff:ff";

const EXPERIMENTAL_PROTOCOL = 253;

const ALL_NODES = 0xff02_0000_0000_0000_0000_0000_0000_0001n;
const ALL_NODES_MAC = 0x3333_0000_0001;

export function macNumber(text: string): number {
  const mac = parseMac(text);
  if (mac === undefined) throw new TypeError(`'${text}' is no MAC address`);
  return mac;
}

/** Returns an empty frame of the experimental EtherType. */
export function bareFrame(destination: string, source: string): Uint8Array {
  const frame = new Uint8Array(60);
  const addresses = { destination: macNumber(destination), source: macNumber(source) };
  encodeEthernet(frame, 0, { ...addresses, tags: [], etherType: EXPERIMENTAL });
  return frame;
}

/** Returns an empty IPv4 packet of the experimental protocol (RFC 3692). */
export function ipv4Frame(destination: string, source: string, from: string, to: string): Uint8Array {
  const frame = new Uint8Array(60);
  const addresses = { destination: macNumber(destination), source: macNumber(source) };
  encodeIpv4(frame, encodeEthernet(frame, 0, { ...addresses, tags: [], etherType: ETHERTYPE_IPV4 }), {
    protocol: EXPERIMENTAL_PROTOCOL,
    source: Number(parseAddress(from)),
    destination: Number(parseAddress(to)),
    payloadLength: 0,
  });
  return frame;
}

/** Returns an ARP request for `asked`. */
export function arpRequest(source: string, own: string, asked: string): Uint8Array {
  const frame = new Uint8Array(ETHERNET_HEADER_BYTES + ARP_BYTES);
  const mac = macNumber(source);
  const header = { destination: BROADCAST_MAC, source: mac, tags: [], etherType: ETHERTYPE_ARP };
  encodeArp(frame, encodeEthernet(frame, 0, header), {
    operation: ARP_REQUEST,
    senderMac: mac,
    senderAddress: Number(parseAddress(own)),
    targetMac: 0,
    targetAddress: Number(parseAddress(asked)),
  });
  return frame;
}

/**
 * Returns a router advertisement (RFC 4861 section 4.2) of a default router with a 64-bit prefix for autoconfiguration.
 *
 * @param prefix an address with zeros for its last 64 bits
 */
export function routerAdvertisement(source: string, linkLocal: string, prefix: string): Uint8Array {
  const mac = macNumber(source);
  const from = BigInt(parseAddress(linkLocal) ?? 0);
  const prefixBytes = Buffer.from(
    BigInt(parseAddress(prefix) ?? 0)
      .toString(16)
      .padStart(32, "0"),
    "hex",
  );
  const message = Uint8Array.of(
    ...[ND_ROUTER_ADVERTISEMENT, 0, 0, 0, 64, 0, 7, 8, 0, 0, 0, 0, 0, 0, 0, 0],
    // Prefix information: on-link and autonomous, valid for half an hour.
    ...[3, 4, 64, 0xc0, 0, 0, 7, 8, 0, 0, 7, 8, 0, 0, 0, 0, ...prefixBytes],
  );
  sealIcmpv6(message, from, ALL_NODES);
  const frame = new Uint8Array(ETHERNET_HEADER_BYTES + IPV6_HEADER_BYTES + message.length);
  const header = { destination: ALL_NODES_MAC, source: mac, tags: [], etherType: ETHERTYPE_IPV6 };
  const packet = encodeIpv6(frame, encodeEthernet(frame, 0, header), {
    nextHeader: PROTOCOL_ICMPV6,
    hopLimit: ND_HOP_LIMIT,
    source: from,
    destination: ALL_NODES,
    payloadLength: message.length,
  });
  frame.set(message, packet);
  return frame;
}
