// Frames of every protocol that a hub parses, as content of hostile packets.
import { writeUint16 } from "../../shared/frame/bytes.ts";
import { checksum, sumPseudoHeader } from "../../shared/frame/checksum.ts";
import type { EthernetHeader } from "../../shared/frame/ethernet.ts";
import { PROTOCOL_ICMPV6, PROTOCOL_TCP, PROTOCOL_UDP } from "../../shared/frame/ip/ipv4.ts";
import { BROADCAST_MAC } from "../../shared/frame/mac.ts";
import { listenerMessage, mldRecords, sealIcmpv6 } from "../shared/frame/group-messages.ts";
import { ethernetFrame, ipFrame, ipv4Packet, ipv6Packet } from "../support/frames.ts";
import { arpRequest, dhcpOffer, igmpReport, toGroup } from "../support/relay/neighbour-frames.ts";

/** The machine behind the port, the one behind the other port, and one that no port has learned. */
export const OUTSIDE = 0x0200_0000_0001;
export const INSIDE = 0x0200_0000_0002;
const NOBODY = 0x0200_0000_0003;

const OUTSIDE_TEXT = "02:00:00:00:00:01";
const SOURCE = 0x0a00_0001;
const TARGET = 0x0a00_0002;
const SOURCE6 = (0xfd00n << 112n) + 1n;
const TARGET6 = (0xfd00n << 112n) + 2n;
const ALL_NODES = (0xff02n << 112n) + 1n;
const ALL_NODES_MAC = 0x3333_0000_0001;

/** The parts of {@link corpusFrames}, one of each. */
export function corpusFrames(): Uint8Array[] {
  return [
    plain(60),
    plain(14),
    frame({ etherType: 0x88cc, destination: 0x0180_c200_000e }, new Uint8Array(46)),
    frame({ etherType: 0x0800, destination: NOBODY }, new Uint8Array(20)),
    frame({ etherType: 46 }, new Uint8Array(46)),
    arpRequest(OUTSIDE_TEXT, "10.0.0.1", "10.0.0.2"),
    igmpReport(OUTSIDE_TEXT, "239.1.1.1"),
    toGroup(OUTSIDE_TEXT, "239.1.1.1"),
    dhcpOffer(OUTSIDE_TEXT),
    tcpSyn(4),
    tcpSyn(6),
    tagged(tcpSyn(4), 1),
    tagged(tcpSyn(6), 2),
    tagged(plain(60), 9),
    udp(4, 40),
    udp(6, 40),
    udp(4, 1_472),
    udp(4, 1_490),
    udp(6, 1_490),
    icmpv6(neighbourSolicitation(), TARGET6, INSIDE),
    icmpv6(Uint8Array.of(134, 0, 0, 0, 64, 0, 7, 8, 0, 0, 0, 0, 0, 0, 0, 0), ALL_NODES, ALL_NODES_MAC),
    icmpv6(listenerMessage(131, (0xff05n << 112n) + 1n), ALL_NODES, ALL_NODES_MAC),
    icmpv6(mldRecords([{ type: 4, group: (0xff05n << 112n) + 1n, sources: [] }]), ALL_NODES, ALL_NODES_MAC),
  ];
}

/** Builds a frame from {@link OUTSIDE} to {@link INSIDE} with a type that no code reads. */
export function plain(bytes: number): Uint8Array {
  return frame({ etherType: 0x88b5 }, new Uint8Array(bytes - 14));
}

/** Returns the same frames in the other direction. */
export function turned(bytes: Uint8Array): Uint8Array {
  const back = bytes.slice();
  back.set(bytes.subarray(6, 12), 0);
  back.set(bytes.subarray(0, 6), 6);
  // A group is no valid source.
  back[6] = (back[6] ?? 0) & 0xfe;
  return back;
}

function frame(header: Partial<EthernetHeader>, payload: Uint8Array): Uint8Array {
  return ethernetFrame({ destination: INSIDE, source: OUTSIDE, etherType: 0, ...header }, payload);
}

function tagged(bytes: Uint8Array, tags: number): Uint8Array {
  const tag = [0x81, 0x00, 0x00, 0x0a];
  return Uint8Array.of(
    ...bytes.subarray(0, 12),
    ...Array.from({ length: tags }, () => tag).flat(),
    ...bytes.subarray(12),
  );
}

/** Builds a super-frame with an odd segment size and an unfinished checksum. */
function tcpSyn(version: 4 | 6): Uint8Array {
  const tcp = Uint8Array.of(
    0x12,
    0x34,
    0,
    80,
    ...new Array<number>(8).fill(0),
    0x70,
    2,
    255,
    255,
    0,
    0,
    0,
    0,
  );
  return packet(version, PROTOCOL_TCP, Uint8Array.of(...tcp, 1, 2, 4, 5, 0xb4, 1, 0, 0), 16);
}

function udp(version: 4 | 6, bytes: number): Uint8Array {
  const datagram = new Uint8Array(8 + bytes);
  datagram.set([0, 68, 0, 67, datagram.length >> 8, datagram.length & 255]);
  return packet(version, PROTOCOL_UDP, datagram, 6);
}

function packet(version: 4 | 6, protocol: number, segment: Uint8Array, sumAt: number): Uint8Array {
  const [from, to] = version === 4 ? [SOURCE, TARGET] : [SOURCE6, TARGET6];
  const pseudo = sumPseudoHeader(from ?? 0, to ?? 0, protocol, segment.length);
  writeUint16(segment, sumAt, ~checksum(segment, 0, 0, pseudo) & 0xffff);
  const ends = { destination: INSIDE, source: OUTSIDE };
  return version === 4
    ? ipFrame(
        ends,
        ipv4Packet({ protocol, source: SOURCE, destination: TARGET, dontFragment: true }, segment),
      )
    : ipFrame(ends, ipv6Packet({ nextHeader: protocol, source: SOURCE6, destination: TARGET6 }, segment));
}

function neighbourSolicitation(): Uint8Array {
  const message = new Uint8Array(32);
  message[0] = 135;
  message.set([0xfd], 8);
  message[23] = 2;
  message.set([1, 1, 2, 0, 0, 0, 0, 1], 24);
  return message;
}

function icmpv6(message: Uint8Array, to: bigint, mac: number): Uint8Array {
  const fields = { nextHeader: PROTOCOL_ICMPV6, source: SOURCE6, destination: to, hopLimit: 255 };
  const packet = ipv6Packet(fields, sealIcmpv6(message, SOURCE6, to));
  return ipFrame({ destination: mac, source: OUTSIDE }, packet);
}

/** Builds a broadcast. */
export function broadcast(bytes: number): Uint8Array {
  return frame({ etherType: 0x88b5, destination: BROADCAST_MAC }, new Uint8Array(bytes - 14));
}
