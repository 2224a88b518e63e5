import { PROTOCOL_UDP } from "../../../shared/frame/ip/ipv4.ts";
import { sealUdp } from "../../../shared/frame/ip/udp.ts";
import { ipFrame, ipv4Packet, udpDatagram } from "../../support/frames.ts";

export interface Message {
  readonly op?: number;
  readonly xid?: number;
  readonly ciaddr?: number;
  readonly yiaddr?: number;
  readonly giaddr?: number;
  readonly mac?: number;
  /** Code and content of each option; the end is added. */
  readonly options?: readonly (readonly [number, readonly number[]])[];
}

export const word = (value: number): number[] =>
  [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256);

export const macBytes = (mac: number): number[] =>
  [40, 32, 24, 16, 8, 0].map((shift) => Math.floor(mac / 2 ** shift) % 256);

/** The message alone, the payload of a UDP datagram. */
export function dhcpMessage(message: Message): Uint8Array {
  const { op = 2, xid = 0, ciaddr = 0, yiaddr = 0, giaddr = 0, mac = 0, options = [] } = message;
  return Uint8Array.of(
    ...[op, 1, 6, 0, ...word(xid), 0, 0, 0, 0],
    ...[ciaddr, yiaddr, 0, giaddr].flatMap(word),
    ...[...macBytes(mac), ...new Array<number>(10 + 64 + 128).fill(0)],
    ...[0x63, 0x82, 0x53, 0x63],
    ...options.flatMap(([code, content]) => [code, content.length, ...content]),
    255,
  );
}

/** A whole frame from a server (or, with `op` 1, a client) around a message. */
export function dhcpFrame(message: Message, ethernet: { source: number; destination: number }): Uint8Array {
  const [sourcePort, destinationPort] = message.op === 1 ? [68, 67] : [67, 68];
  const ends = { source: 0x0a14_0001, destination: 0xffff_ffff };
  const datagram = udpDatagram({ sourcePort, destinationPort }, dhcpMessage(message));
  sealUdp(datagram, 0, ends.source, ends.destination);
  return ipFrame(ethernet, ipv4Packet({ protocol: PROTOCOL_UDP, ...ends }, datagram));
}
