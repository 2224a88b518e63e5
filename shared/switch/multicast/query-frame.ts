import type { Ipv4Address, Ipv6Address } from "../../frame/address.ts";
import {
  ETHERNET_HEADER_BYTES,
  ETHERTYPE_IPV4,
  ETHERTYPE_IPV6,
  encodeEthernet,
  VLAN_TAG_BYTES,
  type VlanTag,
} from "../../frame/ethernet.ts";
import {
  ALL_SYSTEMS,
  encodeIgmpQuery,
  IGMP_BYTES,
  IGMP_V3_QUERY_BYTES,
  PROTOCOL_IGMP,
  ROUTER_ALERT_OPTION,
} from "../../frame/groups/igmp.ts";
import {
  ALL_NODES,
  encodeMldQuery,
  encodeRouterAlert,
  MLD_V2_QUERY_BYTES,
  ROUTER_ALERT_BYTES,
} from "../../frame/groups/mld.ts";
import { encodeIpv4, IPV4_HEADER_BYTES } from "../../frame/ip/ipv4.ts";
import { encodeIpv6, HOP_BY_HOP, IPV6_HEADER_BYTES } from "../../frame/ip/ipv6.ts";
import { QUERY_INTERVAL, ROBUSTNESS } from "./timers.ts";

/** Prefixes of groups' MAC addresses: the low 23 bits of IPv4's (RFC 1112 §6.4), the low 32 of IPv6's (RFC 2464 §7) follow. */
const IPV4_GROUP_MAC = 0x0100_5e00_0000;
const IPV6_GROUP_MAC = 0x3333_0000_0000;

/** CS6, internetwork control, as Linux and routers mark their queries. */
const DSCP_CONTROL = 48;

/** A query of either family. */
interface Query<Address> {
  /** The hub's MAC address in the segment. */
  readonly mac: number;
  readonly source: Address;
  readonly tags: readonly VlanTag[];
  /** The group it asks about; undefined for a general query. */
  readonly group: Address | undefined;
  readonly maxResponseMs: number;
}

/** Builds a frame with an IGMP query, of v3 or, for hosts that cannot read that, v2; undefined for fields out of range. */
export function igmpQueryFrame(query: Query<Ipv4Address>, version: 2 | 3 = 3): Uint8Array | undefined {
  const { mac, source, tags, group, maxResponseMs } = query;
  const payloadLength = version === 3 ? IGMP_V3_QUERY_BYTES : IGMP_BYTES;
  const destination = group ?? ALL_SYSTEMS;
  const bytes = new Uint8Array(
    ETHERNET_HEADER_BYTES +
      tags.length * VLAN_TAG_BYTES +
      IPV4_HEADER_BYTES +
      ROUTER_ALERT_OPTION.length +
      payloadLength,
  );
  const groupMac = IPV4_GROUP_MAC + (destination & 0x7f_ffff);
  const ip = encodeEthernet(bytes, 0, {
    destination: groupMac,
    source: mac,
    tags,
    etherType: ETHERTYPE_IPV4,
  });
  const message = encodeIpv4(bytes, ip, {
    dscp: DSCP_CONTROL,
    ttl: 1,
    protocol: PROTOCOL_IGMP,
    source,
    destination,
    options: ROUTER_ALERT_OPTION,
    payloadLength,
  });
  const end = encodeIgmpQuery(bytes, message, {
    version,
    group: group ?? 0,
    maxResponseMs,
    suppress: false,
    robustness: ROBUSTNESS,
    intervalSeconds: QUERY_INTERVAL,
  });
  return end === undefined ? undefined : bytes;
}

/**
 * Builds a frame with an MLDv2 query, which hosts of v1 understand as one of theirs (RFC 3810 §8.2.1); undefined for fields
 * out of range.
 */
export function mldQueryFrame(query: Query<Ipv6Address>): Uint8Array | undefined {
  const { mac, source, tags, group, maxResponseMs } = query;
  const payloadLength = ROUTER_ALERT_BYTES + MLD_V2_QUERY_BYTES;
  const destination = group ?? ALL_NODES;
  const bytes = new Uint8Array(
    ETHERNET_HEADER_BYTES + tags.length * VLAN_TAG_BYTES + IPV6_HEADER_BYTES + payloadLength,
  );
  const groupMac = IPV6_GROUP_MAC + Number(destination & 0xffff_ffffn);
  const ip = encodeEthernet(bytes, 0, {
    destination: groupMac,
    source: mac,
    tags,
    etherType: ETHERTYPE_IPV6,
  });
  const options = encodeIpv6(bytes, ip, {
    trafficClass: DSCP_CONTROL << 2,
    hopLimit: 1,
    nextHeader: HOP_BY_HOP,
    source,
    destination,
    payloadLength,
  });
  const message = encodeRouterAlert(bytes, options);
  const fields = {
    group: group ?? 0n,
    maxResponseMs,
    suppress: false,
    robustness: ROBUSTNESS,
    intervalSeconds: QUERY_INTERVAL,
  };
  const end = encodeMldQuery(bytes, message, fields, source, destination);
  return end === undefined ? undefined : bytes;
}
