// Packets for a router between 10.0.0.0/31 and fd00::/127 at one end and the next prefixes at the other.
import { type Ipv4Fields, PROTOCOL_ICMP, PROTOCOL_UDP } from "../../shared/frame/ip/ipv4.ts";
import { ipFrame, ipv4Packet, ipv6Packet } from "../support/frames.ts";
import { INSIDE, OUTSIDE } from "./frames.ts";

const INWARDS = { destination: INSIDE, source: OUTSIDE };
const SOURCE = 0x0a00_0001;
const TARGET = 0x0a00_0002;
const SOURCE6 = (0xfd00n << 112n) + 1n;
const TARGET6 = (0xfd00n << 112n) + 2n;

/** Whole frames from the outside to the inside: packets to fragment, fragments, with options, or to the router. */
export function routedFrames(): Uint8Array[] {
  return [
    udp({ payloadLength: 100 }),
    udp({ payloadLength: 1_372 }),
    udp({ payloadLength: 1_480, dontFragment: true }),
    udp({ payloadLength: 1_480, moreFragments: true }),
    udp({ payloadLength: 1_480, moreFragments: true, fragmentOffset: 185 }),
    udp({ payloadLength: 1_400, fragmentOffset: 7_900 }),
    udp({ payloadLength: 9_000 }),
    udp({ payloadLength: 1_000, ttl: 1 }),
    // No operation, record route, and an option that every fragment repeats.
    udp({ payloadLength: 1_000, options: Uint8Array.of(1, 7, 7, 4, 0, 0, 0, 0, 0x88, 4, 1, 2) }),
    udp({ payloadLength: 1_000, options: Uint8Array.of(0x83, 7, 4, 10, 0, 0, 9, 0) }),
    udp({ payloadLength: 64, protocol: PROTOCOL_ICMP, destination: TARGET + 1 }),
    udp({ payloadLength: 1_300, protocol: PROTOCOL_ICMP, destination: TARGET + 1 }),
    udp6(100, TARGET6),
    udp6(1_460, TARGET6),
    udp6(64, TARGET6 + 1n),
    udp6(100, (0xfd01n << 112n) + 1n),
  ];
}

function udp(fields: Partial<Ipv4Fields> & { readonly payloadLength: number }): Uint8Array {
  const { payloadLength, ...rest } = fields;
  // An echo request, or ports and a length.
  const payload = begin(payloadLength, fields.protocol === PROTOCOL_ICMP ? [8] : [16, 0, 32, 0, 0, 64]);
  const packet = ipv4Packet(
    { protocol: PROTOCOL_UDP, source: SOURCE, destination: TARGET, ...rest },
    payload,
  );
  return ipFrame(INWARDS, packet);
}

function udp6(payloadLength: number, destination: bigint): Uint8Array {
  const payload = begin(payloadLength, [16, 0, 32, 0, 0, 64]);
  return ipFrame(INWARDS, ipv6Packet({ nextHeader: PROTOCOL_UDP, source: SOURCE6, destination }, payload));
}

function begin(length: number, first: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(length);
  bytes.set(first);
  return bytes;
}
