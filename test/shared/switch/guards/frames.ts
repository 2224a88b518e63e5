/** Frames for the guards, built by the project's encoders or, where those refuse, by hand. */
import fc from "fast-check";
import type { IpAddress } from "../../../../shared/frame/address.ts";
import { ARP_BYTES, type Arp, encodeArp } from "../../../../shared/frame/arp.ts";
import { readUint16, writeUint16, writeUint128 } from "../../../../shared/frame/bytes.ts";
import {
  ETHERTYPE_ARP,
  ETHERTYPE_IPV4,
  ETHERTYPE_IPV6,
  ETHERTYPE_VLAN,
} from "../../../../shared/frame/ethernet.ts";
import { type Ipv4Fields, PROTOCOL_ICMPV6, PROTOCOL_UDP } from "../../../../shared/frame/ip/ipv4.ts";
import { writeMac } from "../../../../shared/frame/mac.ts";
import { FrameView } from "../../../../shared/switch/policy/frame-view.ts";
import type { PortRole } from "../../../../shared/switch/port.ts";
import {
  ethernetFrame,
  ipv4 as ip4,
  ipv6 as ip6,
  ipv4Packet,
  ipv6Packet,
  udpDatagram,
} from "../../../support/frames.ts";
import { KeepingPort } from "../ports.ts";

export const A = 0x020000000001;
export const B = 0x020000000002;
export const BROADCAST = 0xffffffffffff;

export function portWith(...roles: PortRole[]): KeepingPort {
  const port = new KeepingPort(roles[0] ?? "plain");
  port.roles = new Set(roles);
  return port;
}

export function view(frame: Uint8Array): FrameView {
  return new FrameView().read(frame, 0, frame.length);
}

export { ip4, ip6 };

export interface FrameFields {
  readonly to?: number;
  readonly from?: number;
  /** VLAN ids, from the outside in. */
  readonly vlans?: readonly number[];
}

export function frame(etherType: number, payload: Uint8Array, fields: FrameFields = {}): Uint8Array {
  const { to = BROADCAST, from = A, vlans = [] } = fields;
  const tags = vlans.map((vlan) => ({ tpid: ETHERTYPE_VLAN, priority: 0, dropEligible: false, vlan }));
  return ethernetFrame({ destination: to, source: from, tags, etherType }, payload);
}

/** The frame's packet behind a length and an LLC/SNAP header instead, with tags before and behind it. */
export function inSnap(plain: Uint8Array, tagsInside = 0): Uint8Array {
  const tags = new Array(tagsInside).fill([0x81, 0, 0, 0]).flat();
  const packet = plain.subarray(12);
  const length = 6 + tags.length + packet.length;
  return Uint8Array.of(
    ...plain.subarray(0, 12),
    ...[length >>> 8, length & 0xff, 0xaa, 0xaa, 3, 0, 0, 0],
    ...tags,
    ...packet,
  );
}

export function udp(
  sourcePort: number,
  destinationPort: number,
  payload: readonly number[] = [],
): Uint8Array {
  return udpDatagram({ sourcePort, destinationPort }, Uint8Array.from(payload));
}

type Over4 = Partial<Ipv4Fields> & FrameFields;

export function over4(payload: Uint8Array, fields: Over4 = {}): Uint8Array {
  const ends = { source: ip4("10.0.0.1"), destination: ip4("255.255.255.255") };
  const packet = ipv4Packet({ protocol: PROTOCOL_UDP, ...ends, ...fields }, payload);
  return frame(ETHERTYPE_IPV4, packet, fields);
}

interface Over6 extends FrameFields {
  readonly source?: IpAddress;
  /** Bytes of extension headers; the first byte of each is filled in. */
  readonly extensions?: readonly (readonly [type: number, ...rest: number[]])[];
  readonly protocol?: number;
}

/** An IPv6 packet; each extension header is its own type, then its bytes but for the first, which is the next one's. */
export function over6(payload: Uint8Array, fields: Over6 = {}): Uint8Array {
  const { source = ip6("fe80::ff:fe00:1"), extensions = [], protocol = PROTOCOL_ICMPV6 } = fields;
  const types = [...extensions.map(([type]) => type), protocol];
  const headers = extensions.flatMap(([, ...rest], i) => [types[i + 1] ?? 0, ...rest]);
  const ends = { source: source as bigint, destination: ip6("ff02::1") };
  const header = { nextHeader: types[0] ?? 0, hopLimit: 255, ...ends };
  const packet = ipv6Packet(header, Uint8Array.of(...headers, ...payload));
  return frame(ETHERTYPE_IPV6, packet, fields);
}

/** Extension headers for {@link over6}. */
export const hopByHop = [0, 0, 5, 2, 0, 0, 1, 0] as const;
export const destinationOptions = [60, 0, 1, 4, 0, 0, 0, 0] as const;
export const longDestinationOptions = [60, 1, 1, 12, ...new Array<number>(12).fill(0)] as const;
export const authentication = [51, 1, ...new Array<number>(10).fill(0)] as const;
export const fragment = (offset: number, more: boolean) =>
  [44, 0, (offset << 3) >>> 8, ((offset << 3) & 0xf8) | Number(more), 0, 0, 0, 7] as const;

/** An ICMPv6 message that is all zeros but for its type. */
export function icmp6(type: number, length = 16): Uint8Array {
  const bytes = new Uint8Array(length);
  bytes[0] = type;
  return bytes;
}

/** A neighbour solicitation (135) or advertisement (136), with a link-layer address option where given one. */
export function neighbour(type: 135 | 136, target: bigint, optionMac?: number): Uint8Array {
  const bytes = new Uint8Array(optionMac === undefined ? 24 : 32);
  bytes[0] = type;
  writeUint128(bytes, 8, target);
  if (optionMac !== undefined) {
    bytes[24] = type === 135 ? 1 : 2;
    bytes[25] = 1;
    writeMac(bytes, 26, optionMac);
  }
  return bytes;
}

export function arpFrame(fields: Partial<Arp> & FrameFields = {}): Uint8Array {
  const bytes = new Uint8Array(ARP_BYTES);
  encodeArp(bytes, 0, {
    operation: 1,
    senderMac: A,
    senderAddress: ip4("10.0.0.1"),
    targetMac: 0,
    targetAddress: ip4("10.0.0.9"),
    ...fields,
  });
  return frame(ETHERTYPE_ARP, bytes, fields);
}

/** Frames of every kind that some guard looks into, to be mutilated. */
const specimens: readonly Uint8Array[] = [
  over4(udp(67, 68, [2])),
  over4(udp(67, 68, [2]), { vlans: [0, 7], options: new Uint8Array(8).fill(1) }),
  over4(udp(67, 68, [2]), { moreFragments: true }),
  over6(icmp6(134), { extensions: [hopByHop, longDestinationOptions, fragment(0, true), authentication] }),
  over6(neighbour(136, ip6("fe80::1"), A), { extensions: [destinationOptions] }),
  over6(neighbour(135, ip6("fe80::1"), B), { source: 0n }),
  over6(udp(547, 546, [7]), { protocol: PROTOCOL_UDP }),
  inSnap(over6(icmp6(134)), 1),
  arpFrame(),
];

/** Any bytes at all, and frames cut short, or with bytes changed; 14 bytes at least, as the segment sees to. */
const hostileFrames: fc.Arbitrary<Uint8Array> = fc.oneof(
  fc.uint8Array({ minLength: 14, maxLength: 120 }),
  fc
    .tuple(
      fc.constantFrom(...specimens),
      fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 4 }),
      fc.nat(),
      fc.boolean(),
    )
    .map(([specimen, edits, at, cut]) => {
      const bytes = Uint8Array.from(specimen);
      // The addresses of the frame itself matter little.
      for (const [index, byte] of edits) bytes[12 + (index % (bytes.length - 12))] = byte;
      return cut ? bytes.subarray(0, 14 + (at % (bytes.length - 13))) : bytes;
    }),
);

/**
 * Fails unless `check` copes with any frame, reads nothing outside of it, and answers the same whatever is there.
 */
export function expectToKeepWithinFrames(check: (view: FrameView) => unknown): void {
  const margin = fc.uint8Array({ minLength: 1, maxLength: 48 });
  fc.assert(
    fc.property(hostileFrames, margin, margin, (content, before, after) => {
      const start = before.length;
      const end = start + content.length;
      const bytes = Uint8Array.of(...before, ...content, ...after);
      const elsewhere = bytes.map((byte, index) => (index >= start && index < end ? byte : ~byte));
      const reads = new Set<number>();
      const answer = check(new FrameView().read(watch(bytes, reads), start, end));
      expectSame(check(new FrameView().read(elsewhere, start, end)), answer);
      const outside = [...reads].filter((index) => index < start || index >= end);
      if (outside.length > 0) throw new Error(`read ${outside} outside [${start}, ${end})`);
    }),
    { numRuns: 500 },
  );
}

function expectSame(one: unknown, other: unknown): void {
  if (one !== other) throw new Error(`answered ${String(one)} and ${String(other)} for the same frame`);
}

/** The same bytes, noting every index that is read. */
function watch(bytes: Uint8Array, reads: Set<number>): Uint8Array {
  return new Proxy(bytes, {
    get(target, key) {
      if (key === "length") return target.length;
      if (typeof key !== "string" || !/^-?\d+$/.test(key)) throw new Error(`used ${String(key)}`);
      reads.add(Number(key));
      return target[Number(key)];
    },
  });
}

/** Sets the IPv4 total length of an untagged frame to something else. */
export function withTotalLength(plain: Uint8Array, length: number): Uint8Array {
  const bytes = Uint8Array.from(plain);
  if (readUint16(bytes, 12) !== ETHERTYPE_IPV4) throw new RangeError("not IPv4");
  writeUint16(bytes, 16, length);
  return bytes;
}
