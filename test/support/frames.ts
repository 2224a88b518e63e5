// Frames made by the project's own encoders, which tests of theirs hold to tshark. Tests that see the relay from outside write
// theirs byte by byte (`relay/neighbour-frames.ts`), and attackers theirs wrong (`test/attack/kinds/hostile-frames.ts`).
import { type Ipv4Address, type Ipv6Address, parseAddress } from "../../shared/frame/address.ts";
import { type Written, written } from "../../shared/frame/bytes.ts";
import {
  ETHERNET_HEADER_BYTES,
  ETHERTYPE_IPV4,
  ETHERTYPE_IPV6,
  type EthernetHeader,
  encodeEthernet,
  VLAN_TAG_BYTES,
} from "../../shared/frame/ethernet.ts";
import { encodeIpv4, IPV4_HEADER_BYTES, type Ipv4Fields } from "../../shared/frame/ip/ipv4.ts";
import { encodeIpv6, IPV6_HEADER_BYTES, type Ipv6Fields } from "../../shared/frame/ip/ipv6.ts";
import { encodeUdp, UDP_HEADER_BYTES, type UdpFields } from "../../shared/frame/ip/udp.ts";

/** A header's fields, but for the length, which its payload says. */
type Around<Fields> = Omit<Fields, "payloadLength">;

/** The Ethernet header of a packet; without tags unless it has some. */
export type Envelope = Omit<EthernetHeader, "tags" | "etherType"> & Partial<Pick<EthernetHeader, "tags">>;

/** @throws Error where it is no IPv4 address */
export function ipv4(text: string): Ipv4Address {
  const address = parseAddress(text);
  if (typeof address !== "number") throw new Error(`${text} is no IPv4 address`);
  return address;
}

/** @throws Error where it is no IPv6 address */
export function ipv6(text: string): Ipv6Address {
  const address = parseAddress(text);
  if (typeof address !== "bigint") throw new Error(`${text} is no IPv6 address`);
  return address;
}

/** Puts a header of `length` bytes in front of a payload. @throws RangeError where a field is out of range */
function put(length: number, write: (bytes: Uint8Array) => Written, payload: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(length + payload.length);
  bytes.set(payload, written(write(bytes)));
  return bytes;
}

/** Returns a frame around a payload of any EtherType. */
export function ethernetFrame(
  { tags = [], ...header }: Envelope & Pick<EthernetHeader, "etherType">,
  payload: Uint8Array,
): Uint8Array {
  const length = ETHERNET_HEADER_BYTES + VLAN_TAG_BYTES * tags.length;
  return put(length, (bytes) => encodeEthernet(bytes, 0, { ...header, tags }), payload);
}

/** Returns a frame around an IPv4 or IPv6 packet. */
export function ipFrame(envelope: Envelope, packet: Uint8Array): Uint8Array {
  const etherType = (packet[0] ?? 0) >>> 4 === 6 ? ETHERTYPE_IPV6 : ETHERTYPE_IPV4;
  return ethernetFrame({ ...envelope, etherType }, packet);
}

export function ipv4Packet(fields: Around<Ipv4Fields>, payload: Uint8Array): Uint8Array {
  const length = IPV4_HEADER_BYTES + (fields.options?.length ?? 0);
  const all = { ...fields, payloadLength: payload.length };
  return put(length, (bytes) => encodeIpv4(bytes, 0, all), payload);
}

export function ipv6Packet(fields: Around<Ipv6Fields>, payload: Uint8Array): Uint8Array {
  const all = { ...fields, payloadLength: payload.length };
  return put(IPV6_HEADER_BYTES, (bytes) => encodeIpv6(bytes, 0, all), payload);
}

/** Returns a datagram without a checksum. */
export function udpDatagram(ports: Around<UdpFields>, payload: Uint8Array): Uint8Array {
  const all = { ...ports, payloadLength: payload.length };
  return put(UDP_HEADER_BYTES, (bytes) => encodeUdp(bytes, 0, all), payload);
}
