import {
  decodeIcmpEcho,
  decodeIcmpv6Echo,
  ECHO_HEADER_BYTES,
  encodeIcmpEcho,
  encodeIcmpv6Echo,
  isIcmpIntact,
  isIcmpv6Intact,
} from "../../../shared/frame/icmp.ts";
import { PROTOCOL_ICMP, PROTOCOL_ICMPV6, PROTOCOL_UDP } from "../../../shared/frame/ipv4.ts";
import { Malformed } from "../../../shared/frame/malformed.ts";
import { decodeUdp, encodeUdp, isUdpIntact, sealUdp, UDP_HEADER_BYTES } from "../../../shared/frame/udp.ts";
import type { DropReason } from "../../../shared/switch/drops.ts";
import { type HostPacket, ipHeaderBytes, replyTo } from "./packet.ts";

/** Something that the hub does for its segment over UDP, a datagram for a datagram. */
export interface UdpService {
  /**
   * @param capacity bytes that the answer may have
   * @returns why there is none, where there is none
   */
  answer(request: Uint8Array, capacity: number): Uint8Array | DropReason;
}

export interface ServiceOptions {
  /** The hub's own MAC address. */
  readonly mac: number;
  /** Of the segment: a packet over it would be cut in pieces. */
  readonly mtu: number;
  /** By their ports. */
  readonly udp: ReadonlyMap<number, UdpService>;
}

/** What the hub answers a packet with that is for one of its own addresses; why it does not, where it does not. */
export function serve(packet: HostPacket, options: ServiceOptions): Uint8Array | DropReason {
  switch (packet.protocol) {
    case PROTOCOL_ICMP:
      return typeof packet.source === "number" ? echo(packet, options) : "not-served";
    case PROTOCOL_ICMPV6:
      return typeof packet.source === "bigint" ? echo6(packet, options) : "not-served";
    case PROTOCOL_UDP:
      return datagram(packet, options);
    default:
      return "not-served";
  }
}

function echo(packet: HostPacket, { mac }: ServiceOptions): Uint8Array | DropReason {
  const { bytes, payload, end } = packet;
  if (!isIcmpIntact(bytes, payload, end)) return "malformed";
  const request = decodeIcmpEcho(bytes, payload, end);
  if (request instanceof Malformed || request.kind !== "request") return "not-served";
  const { frame, payload: at } = replyTo(packet, mac, ECHO_HEADER_BYTES + request.data.length);
  encodeIcmpEcho(frame, at, { ...request, kind: "reply" });
  return frame;
}

function echo6(packet: HostPacket, { mac }: ServiceOptions): Uint8Array | DropReason {
  const { bytes, payload, end, source, destination } = packet;
  if (typeof source === "number" || typeof destination === "number") return "malformed";
  if (!isIcmpv6Intact(bytes, payload, end, source, destination)) return "malformed";
  const request = decodeIcmpv6Echo(bytes, payload, end);
  if (request instanceof Malformed || request.kind !== "request") return "not-served";
  const { frame, payload: at } = replyTo(packet, mac, ECHO_HEADER_BYTES + request.data.length);
  encodeIcmpv6Echo(frame, at, { ...request, kind: "reply" }, destination, source);
  return frame;
}

function datagram(packet: HostPacket, { mac, mtu, udp: services }: ServiceOptions): Uint8Array | DropReason {
  const { bytes, payload, end, source, destination } = packet;
  const udp = decodeUdp(bytes, payload, end);
  if (udp instanceof Malformed || !isUdpIntact(bytes, payload, end, source, destination)) return "malformed";
  const service = services.get(udp.destinationPort);
  // To port 0, an echo service or the like of another machine nothing can be answered that does any good.
  if (service === undefined || udp.sourcePort === 0 || services.has(udp.sourcePort)) return "not-served";
  const capacity = mtu - ipHeaderBytes(source) - UDP_HEADER_BYTES;
  const answer = service.answer(bytes.subarray(udp.payload, udp.end), capacity);
  if (typeof answer === "string") return answer;
  const { frame, payload: at } = replyTo(packet, mac, UDP_HEADER_BYTES + answer.length);
  const header = {
    sourcePort: udp.destinationPort,
    destinationPort: udp.sourcePort,
    payloadLength: answer.length,
  };
  frame.set(answer, encodeUdp(frame, at, header));
  sealUdp(frame, at, destination, source);
  return frame;
}
