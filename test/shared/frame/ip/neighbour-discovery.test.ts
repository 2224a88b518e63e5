import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatAddress, parseIpv6 } from "../../../../shared/frame/address.ts";
import type { Written } from "../../../../shared/frame/bytes.ts";
import { encodeEthernet } from "../../../../shared/frame/ethernet.ts";
import { isIcmpv6Intact } from "../../../../shared/frame/ip/icmp.ts";
import { PROTOCOL_ICMPV6 } from "../../../../shared/frame/ip/ipv4.ts";
import { encodeIpv6, IPV6_HEADER_BYTES } from "../../../../shared/frame/ip/ipv6.ts";
import {
  type AdvertisementFields,
  decodeNeighbourDiscovery,
  encodeNeighbourAdvertisement,
  encodeNeighbourSolicitation,
  ND_HOP_LIMIT,
  ND_LINK_ADDRESS_BYTES,
  ND_NEIGHBOUR_BYTES,
  type NeighbourDiscovery,
  type SolicitationFields,
} from "../../../../shared/frame/ip/neighbour-discovery.ts";
import { formatMac } from "../../../../shared/frame/mac.ts";
import { Malformed } from "../../../../shared/frame/malformed.ts";
import { ipv6Packet } from "../../../support/frames.ts";
import { requires } from "../../../support/requirements.ts";
import { ipv6Address, mac } from "../arbitraries.ts";
import { encodeInNoise, expectToKeepWithinBounds, expectToRefuseSenselessRanges } from "../bounds.ts";
import { readWithTshark } from "../tshark/read-with-tshark.ts";

const SEED = 4861;
const MAC = 0x0200_0000_0001;
const FROM = 0xfe80n << 112n;
const TO = (0xff02n << 112n) | 1n;

const anyAdvertisement: fc.Arbitrary<AdvertisementFields> = fc.record({
  source: ipv6Address,
  destination: ipv6Address,
  target: ipv6Address,
  router: fc.boolean(),
  solicited: fc.boolean(),
  override: fc.boolean(),
  targetMac: mac,
});
const anySolicitation: fc.Arbitrary<SolicitationFields> = fc.record(
  { source: ipv6Address, destination: ipv6Address, target: ipv6Address, sourceMac: mac },
  { requiredKeys: ["source", "destination", "target"] },
);

type Write = (bytes: Uint8Array, offset: Written) => Written;

/** A packet with what `write` writes, `length` bytes of ICMPv6. */
function writePacket(
  bytes: Uint8Array,
  offset: Written,
  addresses: { source: bigint; destination: bigint },
  length: number,
  write: Write,
): Written {
  const { source, destination } = addresses;
  const fields = { source, destination, hopLimit: ND_HOP_LIMIT, nextHeader: PROTOCOL_ICMPV6 };
  return write(bytes, encodeIpv6(bytes, offset, { ...fields, payloadLength: length }));
}

const WITH_OPTION = ND_NEIGHBOUR_BYTES + ND_LINK_ADDRESS_BYTES;

const writeAdvertisement = (fields: AdvertisementFields) => (bytes: Uint8Array, offset: Written) =>
  writePacket(bytes, offset, fields, WITH_OPTION, (into, at) =>
    encodeNeighbourAdvertisement(into, at, fields),
  );

const writeSolicitation = (fields: SolicitationFields) => (bytes: Uint8Array, offset: Written) =>
  writePacket(
    bytes,
    offset,
    fields,
    fields.sourceMac === undefined ? ND_NEIGHBOUR_BYTES : WITH_OPTION,
    (into, at) => encodeNeighbourSolicitation(into, at, fields),
  );

function encoded(write: Write): Uint8Array {
  const bytes = new Uint8Array(200);
  return bytes.slice(0, write(bytes, 0));
}

/** A packet with these bytes of ICMPv6, checksum or not. */
function packet(message: readonly number[], nextHeader = PROTOCOL_ICMPV6): Uint8Array {
  return ipv6Packet({ source: FROM, destination: TO, nextHeader }, Uint8Array.from(message));
}

const decode = (bytes: Uint8Array) => decodeNeighbourDiscovery(bytes, 0, bytes.length);

function accepted(bytes: Uint8Array): NeighbourDiscovery {
  const message = decode(bytes);
  if (message instanceof Malformed) throw new Error(message.code);
  return message;
}

const zeros = (count: number) => new Array<number>(count).fill(0);
const macOption = (type: number) => [type, 1, 2, 0, 0, 0, 0, 1];

describe("a message of neighbour discovery", () => {
  it("decodes to the advertisement that was encoded, with its checksum right", () => {
    fc.assert(
      fc.property(anyAdvertisement, (fields) => {
        const { bytes, start, end } = encodeInNoise(writeAdvertisement(fields));
        const message = decodeNeighbourDiscovery(bytes, start, end);
        expect(message).toMatchObject({ type: 136, ...fields, sourceMac: undefined, hopLimit: 255 });
        const payload = start + IPV6_HEADER_BYTES;
        expect(isIcmpv6Intact(bytes, payload, end, fields.source, fields.destination)).toBe(true);
        expect(message).toMatchObject({ payload, end });
      }),
    );
  });

  it("decodes to the solicitation that was encoded, with its checksum right", () => {
    fc.assert(
      fc.property(anySolicitation, (fields) => {
        const { bytes, start, end } = encodeInNoise(writeSolicitation(fields));
        const message = decodeNeighbourDiscovery(bytes, start, end);
        expect(message).toMatchObject({ type: 135, sourceMac: undefined, ...fields, targetMac: undefined });
        const payload = start + IPV6_HEADER_BYTES;
        expect(isIcmpv6Intact(bytes, payload, end, fields.source, fields.destination)).toBe(true);
      }),
    );
  });

  it("is decoded within its bytes, whatever they are", () => {
    const encodings = fc.oneof(
      anyAdvertisement.map((fields) => encoded(writeAdvertisement(fields))),
      anySolicitation.map((fields) => encoded(writeSolicitation(fields))),
      fc
        .tuple(fc.constantFrom(133, 134, 137), fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: 60 }))
        .map(([type, rest]) => packet([type, 0, ...rest])),
    );
    expectToKeepWithinBounds(decodeNeighbourDiscovery, encodings);
    expectToRefuseSenselessRanges(decodeNeighbourDiscovery, packet([133, 0, ...zeros(6)]));
  });

  it.each([
    ["router solicitation", [133, 0, ...zeros(6)], { type: 133 }],
    ["router advertisement", [134, 0, ...zeros(4), 7, 8, ...zeros(8)], { type: 134, routerLifetime: 0x0708 }],
    [
      "redirect",
      [137, 0, ...zeros(6), ...zeros(15), 5, ...zeros(15), 6],
      { type: 137, target: 5n, redirected: 6n },
    ],
  ])("may be a %s, with a MAC as an option or without", (_, message, expected) => {
    expect(accepted(packet(message))).toMatchObject({ ...expected, sourceMac: undefined });
    expect(accepted(packet([...message, ...macOption(1)]))).toMatchObject({ ...expected, sourceMac: MAC });
    expect(accepted(packet([...message, ...macOption(2)]))).toMatchObject({ ...expected, targetMac: MAC });
  });

  it("is truncated where its kind needs more, at every length", () => {
    for (const [type, length] of [
      [133, 8],
      [134, 16],
      [135, 24],
      [136, 24],
      [137, 40],
    ] as const) {
      for (let end = 0; end < length; end++) {
        const bytes = packet([type, 0, ...zeros(length - 2)].slice(0, end));
        expect(decode(bytes), `${type}, ${end}`).toMatchObject({ layer: "nd", reason: "truncated" });
      }
    }
  });

  it("is refused with an option of length 0, or one that exceeds its end", () => {
    const router = [133, 0, ...zeros(6)];
    expect(decode(packet([...router, 1, 0, ...zeros(6)]))).toMatchObject({ reason: "bad-length" });
    expect(decode(packet([...router, 1, 2, ...zeros(6)]))).toMatchObject({ reason: "truncated" });
    expect(decode(packet([...router, 1]))).toMatchObject({ reason: "truncated" });
  });

  it("skips unknown options, and takes the first MAC of the right length", () => {
    const router = [133, 0, ...zeros(6)];
    const options = [14, 1, ...zeros(6), 1, 2, ...zeros(14), ...macOption(1), 1, 1, 6, 6, 6, 6, 6, 6];
    expect(accepted(packet([...router, ...options]))).toMatchObject({ sourceMac: MAC, signed: false });
  });

  it("is signed if it has SEND's signature", () => {
    expect(accepted(packet([133, 0, ...zeros(6), 12, 1, ...zeros(6)])).signed).toBe(true);
  });

  it.each([
    ["another type", packet([128, 0, ...zeros(6)])],
    ["a code", packet([133, 1, ...zeros(6)])],
    ["another protocol", packet([133, 0, ...zeros(6)], 17)],
    ["an extension header", packet([58, 0, ...zeros(6), 133, 0, ...zeros(6)], 0)],
  ])("with %s is refused", (_, bytes) => {
    expect(decode(bytes)).toMatchObject({ layer: "nd", reason: "bad-type" });
  });

  it("is not encoded, not even in part, with a field out of range or past the end of a buffer", () => {
    const fields = { source: FROM, destination: TO, target: 1n, router: false, solicited: true };
    for (const wrong of [
      { targetMac: 2 ** 48 },
      { target: -1n },
      { source: 1n << 128n },
      { destination: -1n },
    ]) {
      const bytes = new Uint8Array(40);
      const all = { ...fields, override: true, targetMac: MAC, ...wrong };
      expect(encodeNeighbourAdvertisement(bytes, 0, all)).toBeUndefined();
      expect(bytes).toEqual(new Uint8Array(40));
    }
    const short = new Uint8Array(WITH_OPTION - 1);
    expect(encodeNeighbourSolicitation(short, 0, { ...fields, sourceMac: MAC })).toBeUndefined();
  });
});

describe.runIf(requires("tshark"))("tshark", () => {
  const framed = (write: Write) =>
    encoded((bytes, offset) => {
      const header = { destination: MAC, source: MAC, tags: [], etherType: 0x86dd };
      return write(bytes, encodeEthernet(bytes, offset, header));
    });

  it("reads from advertisements what was encoded, and finds their checksums good", () => {
    const all = fc.sample(anyAdvertisement, { seed: SEED, numRuns: 50 });
    const flags = ["icmpv6.nd.na.flag.r", "icmpv6.nd.na.flag.s", "icmpv6.nd.na.flag.o"] as const;
    const seen = readWithTshark(
      all.map((fields) => framed(writeAdvertisement(fields))),
      [
        ...(["icmpv6.type", "icmpv6.checksum.status", "icmpv6.nd.na.target_address"] as const),
        ...([...flags, "icmpv6.opt.target_linkaddr", "_ws.malformed"] as const),
      ],
    );
    expect(
      seen.map((frame) => ({
        ...frame,
        ...Object.fromEntries(flags.map((flag) => [flag, ["1", "True"].includes(frame[flag])])),
        "icmpv6.nd.na.target_address": parseIpv6(frame["icmpv6.nd.na.target_address"]),
      })),
    ).toEqual(
      all.map((fields) => ({
        "icmpv6.type": "136",
        "icmpv6.checksum.status": "1",
        "icmpv6.nd.na.target_address": fields.target,
        "icmpv6.nd.na.flag.r": fields.router,
        "icmpv6.nd.na.flag.s": fields.solicited,
        "icmpv6.nd.na.flag.o": fields.override,
        "icmpv6.opt.target_linkaddr": formatMac(fields.targetMac),
        "_ws.malformed": "",
      })),
    );
  });

  it("reads from solicitations what was encoded, and finds their checksums good", () => {
    const all = fc.sample(anySolicitation, { seed: SEED, numRuns: 50 });
    const seen = readWithTshark(
      all.map((fields) => framed(writeSolicitation(fields))),
      [
        ...(["icmpv6.type", "icmpv6.checksum.status", "icmpv6.nd.ns.target_address"] as const),
        ...(["icmpv6.opt.src_linkaddr", "_ws.malformed"] as const),
      ],
    );
    const target = "icmpv6.nd.ns.target_address";
    expect(
      seen.map((frame) => ({ ...frame, [target]: formatAddress(parseIpv6(frame[target]) ?? -1) })),
    ).toEqual(
      all.map((fields) => ({
        "icmpv6.type": "135",
        "icmpv6.checksum.status": "1",
        [target]: formatAddress(fields.target),
        "icmpv6.opt.src_linkaddr": fields.sourceMac === undefined ? "" : formatMac(fields.sourceMac),
        "_ws.malformed": "",
      })),
    );
  });
});
