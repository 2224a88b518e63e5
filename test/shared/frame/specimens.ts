/** Whole frames with random fields, put together by the encoders as a sender would. */
import fc from "fast-check";
import { ARP_REPLY, ARP_REQUEST, encodeArp } from "../../../shared/frame/arp.ts";
import { type Written, written } from "../../../shared/frame/bytes.ts";
import { VXLAN_HEADER_BYTES, VXLAN_PORT, writeVxlan } from "../../../shared/frame/encapsulation/vxlan.ts";
import {
  ETHERTYPE_ARP,
  ETHERTYPE_EXPERIMENTAL,
  ETHERTYPE_IPV4,
  ETHERTYPE_IPV6,
  ETHERTYPE_SERVICE_VLAN,
  ETHERTYPE_VLAN,
  encodeEthernet,
} from "../../../shared/frame/ethernet.ts";
import { ECHO_HEADER_BYTES, encodeIcmpEcho, encodeIcmpv6Echo } from "../../../shared/frame/ip/icmp.ts";
import { encodeIpv4, PROTOCOL_ICMP, PROTOCOL_ICMPV6, PROTOCOL_UDP } from "../../../shared/frame/ip/ipv4.ts";
import { encodeIpv6 } from "../../../shared/frame/ip/ipv6.ts";
import { encodeUdp, sealUdp, UDP_HEADER_BYTES } from "../../../shared/frame/ip/udp.ts";
import { arp, echo, ethernetHeader, ipv4Header, ipv6Header, vlanTag, vni } from "./arbitraries.ts";

/** The least a frame has on a wire, without the FCS; shorter ones are padded. */
export const MIN_FRAME_BYTES = 60;
/** For experiments (RFC 3692), so no dissector reads the payload. */
const PROTOCOL_EXPERIMENTAL = 253;

/** Ports that no dissector has claimed. */
const quietPort = fc.integer({ min: 62_000, max: 62_999 });
const content = fc.uint8Array({ minLength: 1, maxLength: 64 });
const whole = ipv4Header.map((header) => ({ ...header, moreFragments: false, fragmentOffset: 0 }));
/** No-operation options: random ones would be nonsense, rightly called malformed. */
const withNops = fc
  .tuple(whole, fc.nat(10))
  .map(([header, words]) => ({ ...header, options: new Uint8Array(words * 4).fill(1) }));

/** Tags as they are found in the wild: none, one, 802.1Q stacked, and an 802.1ad one outside it. */
const tags = fc.tuple(fc.array(vlanTag, { maxLength: 3 }), fc.boolean()).map(([list, service]) =>
  list.map((tag, index) => ({
    ...tag,
    tpid: index === 0 && service ? ETHERTYPE_SERVICE_VLAN : ETHERTYPE_VLAN,
  })),
);

type Payload = (bytes: Uint8Array, offset: Written) => Written;

/** A frame of `etherType` around what `payload` writes, padded. */
function frameOf(etherType: number, payload: fc.Arbitrary<Payload>): fc.Arbitrary<Uint8Array> {
  return fc.tuple(ethernetHeader, tags, payload).map(([header, stack, write]) => {
    const bytes = new Uint8Array(1024);
    const end = written(write(bytes, encodeEthernet(bytes, 0, { ...header, tags: stack, etherType })));
    return bytes.slice(0, Math.max(end, MIN_FRAME_BYTES));
  });
}

/** Only requests and replies, because tshark reads some obsolete operations in its own way. */
const arpFrame = frameOf(
  ETHERTYPE_ARP,
  fc.tuple(arp, fc.constantFrom(ARP_REQUEST, ARP_REPLY)).map(
    ([packet, operation]): Payload =>
      (bytes, offset) =>
        encodeArp(bytes, offset, { ...packet, operation }),
  ),
);

const pingFrame = frameOf(
  ETHERTYPE_IPV4,
  fc.tuple(withNops, echo).map(
    ([header, message]): Payload =>
      (bytes, offset) => {
        const payloadLength = ECHO_HEADER_BYTES + message.data.length;
        const at = written(encodeIpv4(bytes, offset, { ...header, protocol: PROTOCOL_ICMP, payloadLength }));
        return encodeIcmpEcho(bytes, at, message);
      },
  ),
);

const ping6Frame = frameOf(
  ETHERTYPE_IPV6,
  fc.tuple(ipv6Header, echo).map(
    ([header, message]): Payload =>
      (bytes, offset) => {
        const payloadLength = ECHO_HEADER_BYTES + message.data.length;
        const at = written(
          encodeIpv6(bytes, offset, { ...header, nextHeader: PROTOCOL_ICMPV6, payloadLength }),
        );
        return encodeIcmpv6Echo(bytes, at, message, header.source, header.destination);
      },
  ),
);

const fragmentFrame = frameOf(
  ETHERTYPE_IPV4,
  fc.tuple(ipv4Header, content).map(
    ([header, data]): Payload =>
      (bytes, offset) => {
        const fields = { ...header, options: new Uint8Array(0), payloadLength: data.length };
        const at = written(encodeIpv4(bytes, offset, { ...fields, protocol: PROTOCOL_EXPERIMENTAL }));
        bytes.set(data, at);
        return at + data.length;
      },
  ),
);

/** A datagram over IPv4, with a checksum if `sealed`. */
function udpOverIpv4(
  destinationPort: fc.Arbitrary<number>,
  payload: fc.Arbitrary<Uint8Array>,
  sealed: boolean,
): fc.Arbitrary<Uint8Array> {
  return frameOf(
    ETHERTYPE_IPV4,
    fc.tuple(withNops, quietPort, destinationPort, payload).map(
      ([header, from, to, data]): Payload =>
        (bytes, offset) => {
          const payloadLength = UDP_HEADER_BYTES + data.length;
          const at = written(encodeIpv4(bytes, offset, { ...header, protocol: PROTOCOL_UDP, payloadLength }));
          const end = written(writeUdp(bytes, at, from, to, data));
          return sealed ? written(sealUdp(bytes, at, header.source, header.destination)) : end;
        },
    ),
  );
}

/** A datagram over IPv6, where a checksum is a must. */
function udpOverIpv6(
  destinationPort: fc.Arbitrary<number>,
  payload: fc.Arbitrary<Uint8Array>,
): fc.Arbitrary<Uint8Array> {
  return frameOf(
    ETHERTYPE_IPV6,
    fc.tuple(ipv6Header, quietPort, destinationPort, payload).map(
      ([header, from, to, data]): Payload =>
        (bytes, offset) => {
          const payloadLength = UDP_HEADER_BYTES + data.length;
          const at = written(
            encodeIpv6(bytes, offset, { ...header, nextHeader: PROTOCOL_UDP, payloadLength }),
          );
          writeUdp(bytes, at, from, to, data);
          return sealUdp(bytes, at, header.source, header.destination);
        },
    ),
  );
}

function writeUdp(bytes: Uint8Array, offset: Written, from: number, to: number, data: Uint8Array): number {
  const fields = { sourcePort: from, destinationPort: to, payloadLength: data.length };
  const at = written(encodeUdp(bytes, offset, fields));
  bytes.set(data, at);
  return at + data.length;
}

/** Frames as a TAP may give them, by what they carry; each with up to three VLAN tags. */
export const plainFrames = {
  arp: arpFrame,
  ping: pingFrame,
  ping6: ping6Frame,
  udp: udpOverIpv4(quietPort, content, true),
  udp6: udpOverIpv6(quietPort, content),
  fragment: fragmentFrame,
  other: frameOf(
    ETHERTYPE_EXPERIMENTAL,
    content.map(
      (data): Payload =>
        (bytes, offset) => {
          bytes.set(data, offset);
          return written(offset) + data.length;
        },
    ),
  ),
};

const vxlanPacket = fc.tuple(vni, fc.oneof(...Object.values(plainFrames))).map(([network, frame]) => {
  const bytes = new Uint8Array(VXLAN_HEADER_BYTES + frame.length);
  bytes.set(frame, writeVxlan(bytes, 0, network));
  return bytes;
});

/**
 * Frames as an underlay carries them, around one of the plain ones: over IPv4 without a UDP checksum, over
 * IPv6 with.
 */
export const vxlanFrames = {
  vxlan: udpOverIpv4(fc.constant(VXLAN_PORT), vxlanPacket, false),
  vxlan6: udpOverIpv6(fc.constant(VXLAN_PORT), vxlanPacket),
};
