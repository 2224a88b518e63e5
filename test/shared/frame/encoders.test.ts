import { readdirSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeArp } from "../../../shared/frame/arp.ts";
import { written } from "../../../shared/frame/bytes.ts";
import { encodeGre } from "../../../shared/frame/encapsulation/gre.ts";
import { writeNvgre } from "../../../shared/frame/encapsulation/nvgre.ts";
import { writeVxlan, writeVxlanGpe } from "../../../shared/frame/encapsulation/vxlan.ts";
import { encodeEthernet } from "../../../shared/frame/ethernet.ts";
import { encodeIgmpQuery } from "../../../shared/frame/groups/igmp.ts";
import { encodeMldQuery, encodeRouterAlert } from "../../../shared/frame/groups/mld.ts";
import { encodeIcmpEcho, encodeIcmpv6Echo } from "../../../shared/frame/ip/icmp.ts";
import { encodeIpv4 } from "../../../shared/frame/ip/ipv4.ts";
import { encodeIpv6 } from "../../../shared/frame/ip/ipv6.ts";
import {
  encodeNeighbourAdvertisement,
  encodeNeighbourSolicitation,
} from "../../../shared/frame/ip/neighbour-discovery.ts";
import { encodeUdp, sealUdp } from "../../../shared/frame/ip/udp.ts";
import { writeMac } from "../../../shared/frame/mac.ts";
import { writeVirtio } from "../../../shared/offload/virtio.ts";

const SIZE = 128;

/** Numbers of every kind: those of a field, beside it, and none at all. */
const number = fc.oneof(
  fc.integer({ min: -2, max: 300 }),
  fc.constantFrom(0xffff, 0x1_0000, 0xff_ffff, 2 ** 24, 2 ** 32 - 1, 2 ** 32, 2 ** 48 - 1, 2 ** 48, 1e300),
  fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, 0.5),
);
const big = fc.bigInt({ min: -1n, max: 1n << 128n });
const data = fc.uint8Array({ maxLength: 100 });
const flag = fc.boolean();
const offset = fc.oneof(fc.constant(undefined), number);

const arp = fc.record({
  operation: number,
  senderMac: number,
  senderAddress: number,
  targetMac: number,
  targetAddress: number,
});
const tag = fc.record({
  tpid: fc.oneof(fc.constant(0x8100), number),
  priority: number,
  dropEligible: flag,
  vlan: number,
});
const ethernet = fc.record({
  destination: number,
  source: number,
  tags: fc.array(tag, { maxLength: 2 }),
  etherType: number,
});
const ipv4 = fc.record({
  dscp: number,
  ecn: number,
  identification: number,
  dontFragment: flag,
  moreFragments: flag,
  fragmentOffset: number,
  ttl: number,
  protocol: number,
  source: number,
  destination: number,
  options: data,
  payloadLength: number,
});
const ipv6 = fc.record({
  trafficClass: number,
  flowLabel: number,
  payloadLength: number,
  nextHeader: number,
  hopLimit: number,
  source: big,
  destination: big,
});
const udp = fc.record({
  sourcePort: number,
  destinationPort: number,
  payloadLength: number,
  checksum: number,
});
const echo = fc.record({
  kind: fc.constantFrom("request" as const, "reply" as const),
  identifier: number,
  sequence: number,
  data,
});
const timing = { maxResponseMs: number, suppress: flag, robustness: number, intervalSeconds: number };
const igmp = fc.record({ version: fc.constantFrom(2 as const, 3 as const), group: number, ...timing });
const mld = fc.record({ group: big, ...timing });
const solicitation = fc.record({ source: big, destination: big, target: big, sourceMac: number });
const advertisement = fc.record({
  ...{ source: big, destination: big, target: big, targetMac: number },
  ...{ router: flag, solicited: flag, override: flag },
});
const gre = fc.record({
  protocol: number,
  checksummed: flag,
  key: fc.option(number, { nil: undefined }),
  sequence: fc.option(number, { nil: undefined }),
});
const virtio = fc.record({
  ...{ flags: number, gsoType: number, ecn: flag },
  ...{ hdrLen: number, gsoSize: number, csumStart: number, csumOffset: number },
});

type Encode = (bytes: Uint8Array, at: number | undefined) => number | undefined;

/** Each encoder with fields of all kinds. */
const encoders: readonly (readonly [string, fc.Arbitrary<Encode>])[] = [
  [
    "arp",
    arp.map(
      (fields): Encode =>
        (bytes, at) =>
          encodeArp(bytes, at, fields),
    ),
  ],
  [
    "ethernet",
    ethernet.map(
      (fields): Encode =>
        (bytes, at) =>
          encodeEthernet(bytes, at, fields),
    ),
  ],
  [
    "ipv4",
    ipv4.map(
      (fields): Encode =>
        (bytes, at) =>
          encodeIpv4(bytes, at, fields),
    ),
  ],
  [
    "ipv6",
    ipv6.map(
      (fields): Encode =>
        (bytes, at) =>
          encodeIpv6(bytes, at, fields),
    ),
  ],
  [
    "udp",
    udp.map(
      (fields): Encode =>
        (bytes, at) =>
          encodeUdp(bytes, at, fields),
    ),
  ],
  [
    "icmp",
    echo.map(
      (fields): Encode =>
        (bytes, at) =>
          encodeIcmpEcho(bytes, at, fields),
    ),
  ],
  [
    "icmpv6",
    fc.tuple(echo, big, big).map(
      ([e, s, d]): Encode =>
        (b, at) =>
          encodeIcmpv6Echo(b, at, e, s, d),
    ),
  ],
  [
    "igmp",
    igmp.map(
      (fields): Encode =>
        (bytes, at) =>
          encodeIgmpQuery(bytes, at, fields),
    ),
  ],
  [
    "mld",
    fc.tuple(mld, big, big).map(
      ([q, s, d]): Encode =>
        (b, at) =>
          encodeMldQuery(b, at, q, s, d),
    ),
  ],
  ["router alert", fc.constant<Encode>(encodeRouterAlert)],
  [
    "solicitation",
    solicitation.map(
      (f): Encode =>
        (b, at) =>
          encodeNeighbourSolicitation(b, at, f),
    ),
  ],
  [
    "advertisement",
    advertisement.map(
      (f): Encode =>
        (b, at) =>
          encodeNeighbourAdvertisement(b, at, f),
    ),
  ],
  [
    "gre",
    gre.map(
      (fields): Encode =>
        (bytes, at) =>
          encodeGre(bytes, at, fields),
    ),
  ],
  [
    "mac",
    number.map(
      (mac): Encode =>
        (bytes, at) =>
          writeMac(bytes, at, mac),
    ),
  ],
  [
    "nvgre",
    fc.tuple(number, number).map(
      ([v, f]): Encode =>
        (bytes, at) =>
          writeNvgre(bytes, at, v, f),
    ),
  ],
  [
    "vxlan",
    number.map(
      (vni): Encode =>
        (bytes, at) =>
          writeVxlan(bytes, at, vni),
    ),
  ],
  [
    "vxlan-gpe",
    number.map(
      (vni): Encode =>
        (bytes, at) =>
          writeVxlanGpe(bytes, at, vni),
    ),
  ],
  [
    "virtio",
    virtio.map(
      (fields): Encode =>
        (bytes, at) =>
          writeVirtio(bytes, at, fields),
    ),
  ],
];

describe("an encoder", () => {
  it.each(encoders)("never throws, and writes nothing if it refuses: %s", (_, encoder) => {
    fc.assert(
      fc.property(encoder, offset, (encode, at) => {
        const bytes = new Uint8Array(SIZE);
        const end = encode(bytes, at);
        if (end === undefined) expect(bytes.every((byte) => byte === 0)).toBe(true);
        else expect(end).toBeLessThanOrEqual(SIZE);
      }),
      { numRuns: 2_000 },
    );
  });

  it("refuses to continue after a refusal", () => {
    const bytes = new Uint8Array(SIZE);
    const fields = { protocol: 17, source: 1, destination: 2, payloadLength: 65_536 };
    expect(encodeUdp(bytes, encodeIpv4(bytes, 0, fields), PING)).toBeUndefined();
    expect(sealUdp(bytes, undefined, 1, 2)).toBeUndefined();
    expect(() => written(encodeIpv4(bytes, 0, fields))).toThrow(RangeError);
  });
});

const PING = { sourcePort: 1, destinationPort: 2, payloadLength: 0 };

/** Files that may throw: formatters of addresses, and checks for constructors. */
const MAY_THROW = ["shared/frame/address.ts", "shared/frame/bytes.ts", "shared/frame/mac.ts"];

describe("the folders of encoders and decoders", () => {
  it("have no other code that throws", () => {
    const throwing = ["shared/frame", "shared/offload"].flatMap((folder) =>
      readdirSync(folder, { encoding: "utf8", recursive: true })
        .filter((name) => name.endsWith(".ts"))
        .map((name) => `${folder}/${name}`)
        .filter((file) => /\bthrow\b|\brequire(?:Field|Uint128)\b|\bwritten\(/.test(code(file))),
    );
    expect(throwing).toEqual(MAY_THROW);
  });
});

/** Without comments. */
function code(file: string): string {
  return readFileSync(file, "utf8").replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*/g, "");
}
