/** Values that each header may hold, for property tests and for the frames that tshark is shown. */
import fc from "fast-check";
import type { Arp } from "../../../shared/frame/arp.ts";
import { MAX_VNI } from "../../../shared/frame/encapsulation/vxlan.ts";
import {
  ETHERTYPE_SERVICE_VLAN,
  ETHERTYPE_VLAN,
  type EthernetHeader,
  isVlanTag,
  type VlanTag,
} from "../../../shared/frame/ethernet.ts";
import type { Echo } from "../../../shared/frame/ip/icmp.ts";
import type { Ipv4Header } from "../../../shared/frame/ip/ipv4.ts";
import type { Ipv6Header } from "../../../shared/frame/ip/ipv6.ts";
import type { UdpHeader } from "../../../shared/frame/ip/udp.ts";
import { BROADCAST_MAC } from "../../../shared/frame/mac.ts";

const uint = (bits: number) => fc.integer({ min: 0, max: 2 ** bits - 1 });

export const mac = fc.oneof(
  fc.maxSafeNat().map((number) => number % 2 ** 48),
  fc.constantFrom(0, BROADCAST_MAC),
);
export const ipv4Address = fc.oneof(uint(32), fc.constantFrom(0, 0xffff_ffff));
export const ipv6Address = fc.oneof(
  fc.bigInt({ min: 0n, max: (1n << 128n) - 1n }),
  // Groups of zeros are what the text form abbreviates.
  fc
    .array(fc.oneof(fc.constant(0n), fc.bigInt({ min: 0n, max: 0xffffn })), { minLength: 8, maxLength: 8 })
    .map((groups) => groups.reduce((address, group) => (address << 16n) | group, 0n)),
);
export const vni = fc.integer({ min: 0, max: MAX_VNI });
export const port = uint(16);

export const vlanTag: fc.Arbitrary<VlanTag> = fc.record({
  tpid: fc.constantFrom(ETHERTYPE_VLAN, ETHERTYPE_SERVICE_VLAN),
  priority: uint(3),
  dropEligible: fc.boolean(),
  vlan: uint(12),
});

export const ethernetHeader: fc.Arbitrary<EthernetHeader> = fc.record({
  destination: mac,
  source: mac,
  tags: fc.array(vlanTag, { maxLength: 3 }),
  // From 0x0600 it is a type; a length has tests of its own, as it needs the payload it promises.
  etherType: fc.integer({ min: 0x0600, max: 0xffff }).filter((type) => !isVlanTag(type)),
});

export const arp: fc.Arbitrary<Arp> = fc.record({
  operation: uint(16),
  senderMac: mac,
  senderAddress: ipv4Address,
  targetMac: mac,
  targetAddress: ipv4Address,
});

export const ipv4Header: fc.Arbitrary<Ipv4Header> = fc.record({
  dscp: uint(6),
  ecn: uint(2),
  identification: uint(16),
  dontFragment: fc.boolean(),
  moreFragments: fc.boolean(),
  // Further behind, it would end beyond what a packet may have.
  fragmentOffset: fc.integer({ min: 0, max: 8_174 }),
  ttl: uint(8),
  protocol: uint(8),
  source: ipv4Address,
  destination: ipv4Address,
  options: fc
    .uint8Array({ maxLength: 40 })
    .map((options) => options.subarray(0, options.length - (options.length % 4))),
  payloadLength: fc.integer({ min: 0, max: 80 }),
});

export const ipv6Header: fc.Arbitrary<Ipv6Header> = fc.record({
  trafficClass: uint(8),
  flowLabel: uint(20),
  payloadLength: fc.integer({ min: 0, max: 80 }),
  nextHeader: uint(8),
  hopLimit: uint(8),
  source: ipv6Address,
  destination: ipv6Address,
});

export const echo: fc.Arbitrary<Echo> = fc.record({
  kind: fc.constantFrom("request" as const, "reply" as const),
  identifier: uint(16),
  sequence: uint(16),
  data: fc.uint8Array({ maxLength: 64 }),
});

export const udpHeader: fc.Arbitrary<UdpHeader> = fc.record({
  sourcePort: port,
  destinationPort: port,
  payloadLength: fc.integer({ min: 0, max: 80 }),
  checksum: uint(16),
});
