/**
 * The frames that concern no guard, snooper or suppressor: unicast IPv4 and IPv6, without tags, of protocols that find
 * no neighbours, routers or addresses. Nearly all traffic is like that, so a few bytes must tell, before a frame-view.ts
 * is read: see `npm run bench -- micro` for the cost.
 */
import { ETHERTYPE_IPV4, ETHERTYPE_IPV6 } from "../../frame/ethernet.ts";
import { isDhcpPort } from "../../frame/ip/dhcp.ts";
import { PROTOCOL_ICMPV6, PROTOCOL_UDP } from "../../frame/ip/ipv4.ts";
import { isExtensionHeader } from "../../frame/ip/ipv6.ts";

/** Offsets in a frame without tags, from its destination address, with an IP header without options. */
const ETHERTYPE = 12;
const IPV4_VERSION = 14;
const IPV4_FRAGMENT = 20;
const IPV4_PROTOCOL = 23;
const IPV4_PORTS = 34;
const IPV6_NEXT_HEADER = 20;
const IPV6_PORTS = 54;

const NO_OPTIONS = 0x45;
/** More fragments, and the offset's high bits. */
const FRAGMENTED = 0x3f;

/**
 * Returns whether the frame at `frame`, which has an Ethernet header, may skip the policy. False if fixed offsets
 * cannot tell, as for IPv4 options, fragments and extension headers.
 */
export function isPlainUnicast(bytes: Uint8Array, frame: number): boolean {
  if (((bytes[frame] as number) & 1) !== 0) return false;
  const type = ((bytes[frame + ETHERTYPE] as number) << 8) | (bytes[frame + ETHERTYPE + 1] as number);
  if (type === ETHERTYPE_IPV4) {
    if (bytes[frame + IPV4_PROTOCOL] !== PROTOCOL_UDP) return true;
    if (bytes[frame + IPV4_VERSION] !== NO_OPTIONS) return false;
    if (((bytes[frame + IPV4_FRAGMENT] as number) & FRAGMENTED) !== 0) return false;
    return !speaksDhcp(bytes, frame + IPV4_PORTS);
  }
  if (type !== ETHERTYPE_IPV6) return false;
  const protocol = bytes[frame + IPV6_NEXT_HEADER] as number;
  if (protocol === PROTOCOL_UDP) return !speaksDhcp(bytes, frame + IPV6_PORTS);
  return protocol !== PROTOCOL_ICMPV6 && !isExtensionHeader(protocol);
}

function speaksDhcp(bytes: Uint8Array, ports: number): boolean {
  // All ports of DHCP are below 4096, and few others are used by both sides: one byte of each port is mostly enough.
  if ((bytes[ports] as number) >= 16 && (bytes[ports + 2] as number) >= 16) return false;
  const from = ((bytes[ports] as number) << 8) | (bytes[ports + 1] as number);
  const to = ((bytes[ports + 2] as number) << 8) | (bytes[ports + 3] as number);
  return isDhcpPort(from) || isDhcpPort(to);
}
