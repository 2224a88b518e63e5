/** A frame as our decoders see it, under the names that Wireshark gives the fields. */

import { formatAddress, type IpAddress } from "../../../shared/frame/address.ts";
import { decodeArp } from "../../../shared/frame/arp.ts";
import { decodeVxlan, VXLAN_PORT } from "../../../shared/frame/encapsulation/vxlan.ts";
import {
  decodeEthernet,
  ETHERTYPE_ARP,
  ETHERTYPE_IPV4,
  ETHERTYPE_IPV6,
  ETHERTYPE_SERVICE_VLAN,
} from "../../../shared/frame/ethernet.ts";
import {
  decodeIcmpEcho,
  decodeIcmpv6Echo,
  isIcmpIntact,
  isIcmpv6Intact,
} from "../../../shared/frame/ip/icmp.ts";
import { decodeIpv4, PROTOCOL_ICMP, PROTOCOL_ICMPV6, PROTOCOL_UDP } from "../../../shared/frame/ip/ipv4.ts";
import { decodeIpv6 } from "../../../shared/frame/ip/ipv6.ts";
import { decodeUdp, isUdpIntact } from "../../../shared/frame/ip/udp.ts";
import { formatMac } from "../../../shared/frame/mac.ts";
import { Malformed } from "../../../shared/frame/malformed.ts";

/** The fields that are compared. */
export const FIELDS = [
  ...["eth.dst", "eth.src", "eth.type"],
  ...["vlan.priority", "vlan.dei", "vlan.id", "vlan.etype"],
  ...["ieee8021ad.priority", "ieee8021ad.dei", "ieee8021ad.id"],
  ...["arp.opcode", "arp.src.hw_mac", "arp.src.proto_ipv4", "arp.dst.hw_mac", "arp.dst.proto_ipv4"],
  ...["ip.hdr_len", "ip.dsfield.dscp", "ip.dsfield.ecn", "ip.len", "ip.id", "ip.flags.df", "ip.flags.mf"],
  ...["ip.frag_offset", "ip.ttl", "ip.proto", "ip.checksum.status", "ip.src", "ip.dst"],
  ...["ipv6.tclass", "ipv6.flow", "ipv6.plen", "ipv6.nxt", "ipv6.hlim", "ipv6.src", "ipv6.dst"],
  ...["icmp.type", "icmp.ident", "icmp.seq", "icmp.checksum.status"],
  ...["icmpv6.type", "icmpv6.echo.identifier", "icmpv6.echo.sequence_number", "icmpv6.checksum.status"],
  ...["udp.srcport", "udp.dstport", "udp.length", "udp.checksum.status", "udp.payload"],
  ...["vxlan.vni", "vxlan.flag_i"],
  ...["_ws.malformed"],
] as const;

type Field = (typeof FIELDS)[number];

/** Every value of a field, outermost first. */
export type Dissection = Partial<Record<Field, string[]>>;

const CHECKSUM_BAD = 0;
const CHECKSUM_GOOD = 1;
const CHECKSUM_NOT_PRESENT = 3;

/** Dissects a frame with the project's own decoders. Throws for what they refuse. */
export function dissect(frame: Uint8Array): Dissection {
  const dissection: Dissection = {};
  dissectEthernet({ bytes: frame, dissection }, 0, frame.length);
  return dissection;
}

interface Context {
  readonly bytes: Uint8Array;
  readonly dissection: Dissection;
}

function note({ dissection }: Context, values: Partial<Record<Field, string | number | boolean>>): void {
  for (const [field, value] of Object.entries(values) as [Field, string | number | boolean][]) {
    const list = dissection[field] ?? [];
    list.push(String(typeof value === "boolean" ? Number(value) : value));
    dissection[field] = list;
  }
}

function accepted<View>(result: View | Malformed): View {
  if (result instanceof Malformed) throw new Error(`our decoder refuses it: ${result.code}`);
  return result;
}

function dissectEthernet(context: Context, start: number, end: number): void {
  const frame = accepted(decodeEthernet(context.bytes, start, end));
  const types = [...frame.tags.map((tag) => tag.tpid), frame.etherType];
  note(context, {
    "eth.dst": formatMac(frame.destination),
    "eth.src": formatMac(frame.source),
    "eth.type": types[0] ?? -1,
  });
  for (const [index, { tpid, priority, dropEligible, vlan }] of frame.tags.entries()) {
    const next = types[index + 1] ?? -1;
    if (tpid === ETHERTYPE_SERVICE_VLAN) {
      note(context, {
        "ieee8021ad.priority": priority,
        "ieee8021ad.dei": dropEligible,
        "ieee8021ad.id": vlan,
      });
    } else {
      note(context, {
        "vlan.priority": priority,
        "vlan.dei": dropEligible,
        "vlan.id": vlan,
        "vlan.etype": next,
      });
    }
  }
  if (frame.etherType === ETHERTYPE_ARP) dissectArp(context, frame.payload, frame.end);
  if (frame.etherType === ETHERTYPE_IPV4) dissectIpv4(context, frame.payload, frame.end);
  if (frame.etherType === ETHERTYPE_IPV6) dissectIpv6(context, frame.payload, frame.end);
}

function dissectArp(context: Context, start: number, end: number): void {
  const arp = accepted(decodeArp(context.bytes, start, end));
  note(context, {
    "arp.opcode": arp.operation,
    "arp.src.hw_mac": formatMac(arp.senderMac),
    "arp.src.proto_ipv4": formatAddress(arp.senderAddress),
    "arp.dst.hw_mac": formatMac(arp.targetMac),
    "arp.dst.proto_ipv4": formatAddress(arp.targetAddress),
  });
}

function dissectIpv4(context: Context, start: number, end: number): void {
  const packet = accepted(decodeIpv4(context.bytes, start, end));
  note(context, {
    "ip.hdr_len": packet.payload - start,
    "ip.dsfield.dscp": packet.dscp,
    "ip.dsfield.ecn": packet.ecn,
    "ip.len": packet.end - start,
    "ip.id": packet.identification,
    "ip.flags.df": packet.dontFragment,
    "ip.flags.mf": packet.moreFragments,
    "ip.frag_offset": packet.fragmentOffset,
    "ip.ttl": packet.ttl,
    "ip.proto": packet.protocol,
    "ip.checksum.status": CHECKSUM_GOOD,
    "ip.src": formatAddress(packet.source),
    "ip.dst": formatAddress(packet.destination),
  });
  if (packet.protocol === PROTOCOL_ICMP) dissectIcmp(context, packet.payload, packet.end);
  if (packet.protocol === PROTOCOL_UDP) {
    dissectUdp(context, packet.payload, packet.end, packet.source, packet.destination);
  }
}

function dissectIpv6(context: Context, start: number, end: number): void {
  const packet = accepted(decodeIpv6(context.bytes, start, end));
  note(context, {
    "ipv6.tclass": packet.trafficClass,
    "ipv6.flow": packet.flowLabel,
    "ipv6.plen": packet.payloadLength,
    "ipv6.nxt": packet.nextHeader,
    "ipv6.hlim": packet.hopLimit,
    "ipv6.src": formatAddress(packet.source),
    "ipv6.dst": formatAddress(packet.destination),
  });
  const { source, destination } = packet;
  if (packet.nextHeader === PROTOCOL_UDP) {
    dissectUdp(context, packet.payload, packet.end, source, destination);
  }
  if (packet.nextHeader === PROTOCOL_ICMPV6) {
    const echo = accepted(decodeIcmpv6Echo(context.bytes, packet.payload, packet.end));
    const intact = isIcmpv6Intact(context.bytes, packet.payload, packet.end, source, destination);
    note(context, {
      "icmpv6.type": echo.kind === "request" ? 128 : 129,
      "icmpv6.echo.identifier": echo.identifier,
      "icmpv6.echo.sequence_number": echo.sequence,
      "icmpv6.checksum.status": intact ? CHECKSUM_GOOD : CHECKSUM_BAD,
    });
  }
}

function dissectIcmp(context: Context, start: number, end: number): void {
  const echo = accepted(decodeIcmpEcho(context.bytes, start, end));
  note(context, {
    "icmp.type": echo.kind === "request" ? 8 : 0,
    "icmp.ident": echo.identifier,
    "icmp.seq": echo.sequence,
    "icmp.checksum.status": isIcmpIntact(context.bytes, start, end) ? CHECKSUM_GOOD : CHECKSUM_BAD,
  });
}

function dissectUdp(
  context: Context,
  start: number,
  end: number,
  source: IpAddress,
  destination: IpAddress,
): void {
  const udp = accepted(decodeUdp(context.bytes, start, end));
  const intact = isUdpIntact(context.bytes, start, end, source, destination) ? CHECKSUM_GOOD : CHECKSUM_BAD;
  note(context, {
    "udp.srcport": udp.sourcePort,
    "udp.dstport": udp.destinationPort,
    "udp.length": udp.end - start,
    "udp.checksum.status": udp.checksum === 0 ? CHECKSUM_NOT_PRESENT : intact,
    "udp.payload": Buffer.from(context.bytes.subarray(udp.payload, udp.end)).toString("hex"),
  });
  if (udp.destinationPort === VXLAN_PORT) {
    const vxlan = accepted(decodeVxlan(context.bytes, udp.payload, udp.end));
    note(context, { "vxlan.vni": vxlan.vni, "vxlan.flag_i": 1 });
    dissectEthernet(context, vxlan.payload, vxlan.end);
  }
}
