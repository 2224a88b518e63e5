/**
 * Which frames no guard and no snooping has anything to say about: unicast IPv4 and IPv6, without tags, whose protocol
 * isn't one that finds neighbours, routers or addresses. That is nearly all there is, and it has to be told by a few
 * bytes: see `npm run bench -- micro` for what it costs.
 */
import { ETHERTYPE_IPV4, ETHERTYPE_IPV6 } from "../frame/ethernet.ts";
import { PROTOCOL_ICMPV6, PROTOCOL_UDP } from "../frame/ip/ipv4.ts";

/** DHCP, PXE's proxyDHCP and DHCPv6. */
const DHCP_SERVER = 67;
const DHCP_CLIENT = 68;
const DHCP6_CLIENT = 546;
const DHCP6_SERVER = 547;
const DHCP_PROXY = 4011;

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

/** Whether the frame at `frame`, which has an Ethernet header, is nobody's concern but its receiver's. */
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
  return protocol !== PROTOCOL_ICMPV6 && !isExtension(protocol);
}

function speaksDhcp(bytes: Uint8Array, ports: number): boolean {
  // All of them are below 4096, and hardly any others are used by both sides: so one byte of each most often tells.
  if ((bytes[ports] as number) >= 16 && (bytes[ports + 2] as number) >= 16) return false;
  const from = ((bytes[ports] as number) << 8) | (bytes[ports + 1] as number);
  const to = ((bytes[ports + 2] as number) << 8) | (bytes[ports + 3] as number);
  return isDhcp(from) || isDhcp(to);
}

function isDhcp(port: number): boolean {
  return (
    port === DHCP_SERVER ||
    port === DHCP_CLIENT ||
    port === DHCP6_CLIENT ||
    port === DHCP6_SERVER ||
    port === DHCP_PROXY
  );
}

/** Behind these ICMPv6 or UDP may follow (RFC 8200 section 4); TCP and most others are told at once. */
function isExtension(protocol: number): boolean {
  return (
    protocol === 0 ||
    protocol === 43 ||
    protocol === 44 ||
    protocol === 51 ||
    protocol === 60 ||
    protocol >= 135
  );
}
