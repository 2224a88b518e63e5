// Packets for a router between 10.0.0.0/31 and fd00::/127 at one end and what follows them at the other.
import { encodeIpv4, type Ipv4Fields, PROTOCOL_ICMP, PROTOCOL_UDP } from "../../shared/frame/ip/ipv4.ts";
import { encodeIpv6 } from "../../shared/frame/ip/ipv6.ts";
import { INSIDE, OUTSIDE } from "./frames.ts";

const SOURCE = 0x0a00_0001;
const TARGET = 0x0a00_0002;
const SOURCE6 = (0xfd00n << 112n) + 1n;
const TARGET6 = (0xfd00n << 112n) + 2n;

/** Packets that have to be cut, were cut, have options, or are for the router: whole frames from the outside to the inside. */
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
    // No operation, record route, and one that stands in every fragment.
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
  const frame = new Uint8Array(14 + 20 + (fields.options?.length ?? 0) + fields.payloadLength);
  head(frame, 0x0800);
  const at = encodeIpv4(frame, 14, {
    protocol: PROTOCOL_UDP,
    source: SOURCE,
    destination: TARGET,
    ...fields,
  });
  // An echo request, or ports and a length.
  if (at !== undefined) frame.set(fields.protocol === PROTOCOL_ICMP ? [8] : [16, 0, 32, 0, 0, 64], at);
  return frame;
}

function udp6(payloadLength: number, destination: bigint): Uint8Array {
  const frame = new Uint8Array(14 + 40 + payloadLength);
  head(frame, 0x86dd);
  const at = encodeIpv6(frame, 14, { nextHeader: PROTOCOL_UDP, source: SOURCE6, destination, payloadLength });
  if (at !== undefined) frame.set([16, 0, 32, 0, 0, 64], at);
  return frame;
}

function head(frame: Uint8Array, etherType: number): void {
  for (const [i, mac] of [INSIDE, OUTSIDE].entries()) {
    for (let byte = 0; byte < 6; byte++) frame[6 * i + byte] = Math.floor(mac / 2 ** (40 - 8 * byte)) % 256;
  }
  frame[12] = etherType >>> 8;
  frame[13] = etherType;
}
