/** Frames of hosts and routers, as they come in at a port. */
import type { Ipv4Address, Ipv6Address } from "../../../../shared/frame/address.ts";
import { writeUint16 } from "../../../../shared/frame/bytes.ts";
import { checksum, sumPseudoHeader } from "../../../../shared/frame/checksum.ts";
import { ETHERTYPE_SERVICE_VLAN, ETHERTYPE_VLAN, type VlanTag } from "../../../../shared/frame/ethernet.ts";
import { PROTOCOL_IGMP, ROUTER_ALERT_OPTION } from "../../../../shared/frame/groups/igmp.ts";
import { encodeRouterAlert } from "../../../../shared/frame/groups/mld.ts";
import { PROTOCOL_ICMPV6, PROTOCOL_UDP } from "../../../../shared/frame/ip/ipv4.ts";
import { HOP_BY_HOP } from "../../../../shared/frame/ip/ipv6.ts";
import { ipFrame, ipv4, ipv4Packet, ipv6, ipv6Packet } from "../../../support/frames.ts";
import {
  igmpRecords,
  listenerMessage,
  membershipMessage,
  mldRecords,
  sealIcmpv6,
} from "../../frame/group-messages.ts";

export const HOST_MAC = 0x0200_0000_0001;
const ROUTERS_V3 = ipv4("224.0.0.22");
const LISTENERS_V2 = ipv6("ff02::16");
const HOST_IPV4 = ipv4("10.0.0.7");
const HOST_IPV6 = ipv6("fe80::7");
const PROTOCOL_PIM = 103;

export { ipv4, ipv6 };

/** A tag of 802.1Q, or 802.1ad. */
export function tag(vlan: number, service = false): VlanTag {
  const tpid = service ? ETHERTYPE_SERVICE_VLAN : ETHERTYPE_VLAN;
  return { tpid, priority: 3, dropEligible: false, vlan };
}

interface Ipv4Packet {
  readonly source?: Ipv4Address;
  readonly destination: Ipv4Address;
  readonly protocol?: number;
  readonly payload?: Uint8Array;
  readonly options?: Uint8Array;
  readonly tags?: readonly VlanTag[];
  readonly fragmentOffset?: number;
}

/** A frame around an IPv4 packet; without a payload, one of UDP in name. */
export function ipv4Frame(packet: Ipv4Packet): Uint8Array {
  const { tags = [], payload = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8), ...fields } = packet;
  const destination = 0x0100_5e00_0000 + (packet.destination & 0x7f_ffff);
  const defaults = { source: HOST_IPV4, protocol: PROTOCOL_UDP, ttl: 1 };
  return ipFrame({ destination, source: HOST_MAC, tags }, ipv4Packet({ ...defaults, ...fields }, payload));
}

interface Ipv6Packet {
  readonly source?: Ipv6Address;
  readonly destination: Ipv6Address;
  readonly nextHeader?: number;
  readonly payload?: Uint8Array;
  readonly hopLimit?: number;
  readonly tags?: readonly VlanTag[];
}

/** A frame around an IPv6 packet; without a payload, one of UDP in name. */
export function ipv6Frame(packet: Ipv6Packet): Uint8Array {
  const { tags = [], payload = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8), ...fields } = packet;
  const destination = 0x3333_0000_0000 + Number(packet.destination & 0xffff_ffffn);
  const defaults = { source: HOST_IPV6, nextHeader: PROTOCOL_UDP, hopLimit: 1 };
  return ipFrame({ destination, source: HOST_MAC, tags }, ipv6Packet({ ...defaults, ...fields }, payload));
}

/** A frame with an IGMP message; `destination` is the group where it isn't said. */
export function igmpFrame(
  type: number,
  group: Ipv4Address,
  rest: Partial<Ipv4Packet> & { readonly code?: number } = {},
): Uint8Array {
  const message = membershipMessage(type, group);
  message[1] = rest.code ?? 0;
  writeUint16(message, 2, 0);
  writeUint16(message, 2, checksum(message, 0, message.length));
  const options = ROUTER_ALERT_OPTION;
  return ipv4Frame({ destination: group, protocol: PROTOCOL_IGMP, payload: message, options, ...rest });
}

export const reportV1 = (group: Ipv4Address) => igmpFrame(0x12, group);
export const reportV2 = (group: Ipv4Address, rest: Partial<Ipv4Packet> = {}) => igmpFrame(0x16, group, rest);
export const leaveV2 = (group: Ipv4Address, rest: Partial<Ipv4Packet> = {}) =>
  igmpFrame(0x17, group, { destination: ipv4("224.0.0.2"), ...rest });

/** A general query of IGMPv2. */
export const queryV2 = (source: Ipv4Address, rest: Partial<Ipv4Packet> = {}) =>
  igmpFrame(0x11, 0, { source, destination: ipv4("224.0.0.1"), code: 100, ...rest });

/** An IGMPv3 report of one record. */
export function reportV3(type: number, group: Ipv4Address, sources: readonly Ipv4Address[] = []): Uint8Array {
  const payload = igmpRecords([{ type, group, sources }]);
  return ipv4Frame({
    destination: ROUTERS_V3,
    protocol: PROTOCOL_IGMP,
    payload,
    options: ROUTER_ALERT_OPTION,
  });
}

/** A frame with an MLD message behind hop-by-hop options, sealed. */
export function mldFrame(message: Uint8Array, packet: Ipv6Packet): Uint8Array {
  const { source = HOST_IPV6, destination } = packet;
  const payload = new Uint8Array(8 + message.length);
  encodeRouterAlert(payload, 0);
  payload.set(sealIcmpv6(message, source, destination), 8);
  return ipv6Frame({ ...packet, nextHeader: HOP_BY_HOP, payload });
}

export const mldReportV1 = (group: Ipv6Address, rest: Partial<Ipv6Packet> = {}) =>
  mldFrame(listenerMessage(131, group), { destination: group, ...rest });
export const mldDone = (group: Ipv6Address) =>
  mldFrame(listenerMessage(132, group), { destination: ipv6("ff02::2") });

/** An MLDv2 report of one record. */
export const mldReportV2 = (type: number, group: Ipv6Address, sources: readonly Ipv6Address[] = []) =>
  mldFrame(mldRecords([{ type, group, sources }]), { destination: LISTENERS_V2 });

/** A general query of MLDv1. */
export const mldQuery = (source: Ipv6Address, rest: Partial<Ipv6Packet> = {}) =>
  mldFrame(listenerMessage(130, 0n), { source, destination: ipv6("ff02::1"), ...rest });

/** A PIM hello, with a holdtime in seconds or, if undefined, without options. */
export function pimHello(holdtime: number | undefined): Uint8Array {
  const option = holdtime === undefined ? [] : [0, 1, 0, 2, holdtime >>> 8, holdtime & 0xff];
  return Uint8Array.of(0x20, 0, 0, 0, ...option);
}

export function pimFrame(holdtime: number | undefined): Uint8Array {
  const payload = pimHello(holdtime);
  writeUint16(payload, 2, checksum(payload, 0, payload.length));
  return ipv4Frame({ destination: ipv4("224.0.0.13"), protocol: PROTOCOL_PIM, payload });
}

export function pimFrame6(holdtime: number | undefined): Uint8Array {
  const payload = pimHello(holdtime);
  const destination = ipv6("ff02::d");
  const sum = sumPseudoHeader(HOST_IPV6, destination, PROTOCOL_PIM, payload.length);
  writeUint16(payload, 2, checksum(payload, 0, payload.length, sum));
  return ipv6Frame({ destination, nextHeader: PROTOCOL_PIM, payload });
}

/** A neighbour solicitation, in name, to a solicited-node group. */
export const solicitation = (destination: Ipv6Address) =>
  ipv6Frame({
    destination,
    nextHeader: PROTOCOL_ICMPV6,
    payload: Uint8Array.of(135, 0, 0, 0),
    hopLimit: 255,
  });
