import {
  decodeIcmpEcho,
  decodeIcmpv6Echo,
  ECHO_HEADER_BYTES,
  encodeIcmpEcho,
  encodeIcmpv6Echo,
  isIcmpIntact,
  isIcmpv6Intact,
} from "../../../shared/frame/ip/icmp.ts";
import { PROTOCOL_ICMP, PROTOCOL_ICMPV6, PROTOCOL_UDP } from "../../../shared/frame/ip/ipv4.ts";
import {
  decodeUdp,
  encodeUdp,
  isUdpIntact,
  sealUdp,
  UDP_HEADER_BYTES,
} from "../../../shared/frame/ip/udp.ts";
import { Malformed } from "../../../shared/frame/malformed.ts";
import type { DropReason } from "../../../shared/switch/drops.ts";
import { type HostPacket, type HostPacket4, type HostPacket6, ipHeaderBytes, replyTo } from "./packet.ts";

/** A service of the hub over UDP that answers one datagram with one datagram. */
export interface UdpService {
  /**
   * Answers a request.
   *
   * @param capacity maximum bytes of the answer
   * @returns a drop reason if there is no answer
   */
  answer(request: Uint8Array, capacity: number): Uint8Array | DropReason;
}

export interface ServiceOptions {
  /** The hub's own MAC address. */
  readonly mac: number;
  /** MTU of the segment: a larger packet would be fragmented. */
  readonly mtu: number;
  /** UDP services by port. */
  readonly udp: ReadonlyMap<number, UdpService>;
}

/** Returns the hub's answer to a packet for one of its own addresses, or a drop reason. */
export function serve(packet: HostPacket, options: ServiceOptions): Uint8Array | DropReason {
  switch (packet.protocol) {
    case PROTOCOL_ICMP:
      return packet.version === 4 ? echo(packet, options) : "not-served";
    case PROTOCOL_ICMPV6:
      return packet.version === 6 ? echo6(packet, options) : "not-served";
    case PROTOCOL_UDP:
      return datagram(packet, options);
    default:
      return "not-served";
  }
}

function echo(packet: HostPacket4, { mac }: ServiceOptions): Uint8Array | DropReason {
  const { bytes, payload, end } = packet;
  if (!isIcmpIntact(bytes, payload, end)) return "malformed";
  const request = decodeIcmpEcho(bytes, payload, end);
  if (request instanceof Malformed || request.kind !== "request") return "not-served";
  const reply = replyTo(packet, mac, ECHO_HEADER_BYTES + request.data.length);
  if (reply === undefined) return "too-big";
  const { frame, payload: at } = reply;
  return encodeIcmpEcho(frame, at, { ...request, kind: "reply" }) === undefined ? "too-big" : frame;
}

function echo6(packet: HostPacket6, { mac }: ServiceOptions): Uint8Array | DropReason {
  const { bytes, payload, end, source, destination } = packet;
  if (!isIcmpv6Intact(bytes, payload, end, source, destination)) return "malformed";
  const request = decodeIcmpv6Echo(bytes, payload, end);
  if (request instanceof Malformed || request.kind !== "request") return "not-served";
  const reply = replyTo(packet, mac, ECHO_HEADER_BYTES + request.data.length);
  if (reply === undefined) return "too-big";
  const { frame, payload: at } = reply;
  const echoed = encodeIcmpv6Echo(frame, at, { ...request, kind: "reply" }, destination, source);
  return echoed === undefined ? "too-big" : frame;
}

function datagram(packet: HostPacket, { mac, mtu, udp: services }: ServiceOptions): Uint8Array | DropReason {
  const { bytes, payload, end, source, destination } = packet;
  const udp = decodeUdp(bytes, payload, end);
  if (udp instanceof Malformed || !isUdpIntact(bytes, payload, end, source, destination)) return "malformed";
  const service = services.get(udp.destinationPort);
  // An answer to port 0, or to an echo service or the like on another host, does no good.
  if (service === undefined || udp.sourcePort === 0 || services.has(udp.sourcePort)) return "not-served";
  const capacity = mtu - ipHeaderBytes(source) - UDP_HEADER_BYTES;
  const answer = service.answer(bytes.subarray(udp.payload, udp.end), capacity);
  if (typeof answer === "string") return answer;
  const reply = replyTo(packet, mac, UDP_HEADER_BYTES + answer.length);
  if (reply === undefined) return "too-big";
  const { frame, payload: at } = reply;
  const header = {
    sourcePort: udp.destinationPort,
    destinationPort: udp.sourcePort,
    payloadLength: answer.length,
  };
  const data = encodeUdp(frame, at, header);
  if (data === undefined) return "too-big";
  frame.set(answer, data);
  return sealUdp(frame, at, destination, source) === undefined ? "too-big" : frame;
}
