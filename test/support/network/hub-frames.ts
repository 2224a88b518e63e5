// Frames that no kernel would send for the test, byte by byte.
import { ARP_BYTES, ARP_REQUEST, encodeArp } from "../../../shared/frame/arp.ts";
import { ETHERTYPE_ARP } from "../../../shared/frame/ethernet.ts";
import { PROTOCOL_ICMPV6 } from "../../../shared/frame/ip/ipv4.ts";
import { ND_HOP_LIMIT, ND_ROUTER_ADVERTISEMENT } from "../../../shared/frame/ip/neighbour-discovery.ts";
import { BROADCAST_MAC, parseMac } from "../../../shared/frame/mac.ts";
import { EXPERIMENTAL } from "../../desktop/agent/tap/packet-socket.ts";
import { sealIcmpv6 } from "../../shared/frame/group-messages.ts";
import { type Envelope, ethernetFrame, ipFrame, ipv4, ipv4Packet, ipv6, ipv6Packet } from "../frames.ts";

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
  return ethernetFrame({ ...ends(destination, source), etherType: EXPERIMENTAL }, new Uint8Array(46));
}

/** Returns an empty IPv4 packet of the experimental protocol (RFC 3692). */
export function ipv4Frame(destination: string, source: string, from: string, to: string): Uint8Array {
  const fields = { protocol: EXPERIMENTAL_PROTOCOL, source: ipv4(from), destination: ipv4(to) };
  const padded = new Uint8Array(46);
  padded.set(ipv4Packet(fields, new Uint8Array(0)));
  return ipFrame(ends(destination, source), padded);
}

function ends(destination: string, source: string): Envelope {
  return { destination: macNumber(destination), source: macNumber(source) };
}

/** Returns an ARP request for `asked`. */
export function arpRequest(source: string, own: string, asked: string): Uint8Array {
  const mac = macNumber(source);
  const message = new Uint8Array(ARP_BYTES);
  encodeArp(message, 0, {
    operation: ARP_REQUEST,
    senderMac: mac,
    senderAddress: ipv4(own),
    targetMac: 0,
    targetAddress: ipv4(asked),
  });
  return ethernetFrame({ destination: BROADCAST_MAC, source: mac, etherType: ETHERTYPE_ARP }, message);
}

/**
 * Returns a router advertisement (RFC 4861 section 4.2) of a default router with a 64-bit prefix for autoconfiguration.
 *
 * @param prefix an address with zeros for its last 64 bits
 */
export function routerAdvertisement(source: string, linkLocal: string, prefix: string): Uint8Array {
  const mac = macNumber(source);
  const from = ipv6(linkLocal);
  const prefixBytes = Buffer.from(ipv6(prefix).toString(16).padStart(32, "0"), "hex");
  const message = Uint8Array.of(
    ...[ND_ROUTER_ADVERTISEMENT, 0, 0, 0, 64, 0, 7, 8, 0, 0, 0, 0, 0, 0, 0, 0],
    // Prefix information: on-link and autonomous, valid for half an hour.
    ...[3, 4, 64, 0xc0, 0, 0, 7, 8, 0, 0, 7, 8, 0, 0, 0, 0, ...prefixBytes],
  );
  sealIcmpv6(message, from, ALL_NODES);
  const fields = {
    nextHeader: PROTOCOL_ICMPV6,
    hopLimit: ND_HOP_LIMIT,
    source: from,
    destination: ALL_NODES,
  };
  return ipFrame({ destination: ALL_NODES_MAC, source: mac }, ipv6Packet(fields, message));
}
