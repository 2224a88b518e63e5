import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { writeUint16, writeUint32, written } from "../../../shared/frame/bytes.ts";
import {
  ETHERTYPE_ARP,
  ETHERTYPE_IPV4,
  ETHERTYPE_IPV6,
  type EthernetHeader,
  encodeEthernet,
} from "../../../shared/frame/ethernet.ts";
import { encodeIpv4, PROTOCOL_ICMP, PROTOCOL_TCP, PROTOCOL_UDP } from "../../../shared/frame/ip/ipv4.ts";
import { encodeIpv6 } from "../../../shared/frame/ip/ipv6.ts";
import { flowHash } from "../../../shared/tunnel/flow.ts";
import { ipv4Address, ipv6Address, mac, port, vlanTag } from "../frame/arbitraries.ts";
import { expectToKeepWithinBounds } from "../frame/bounds.ts";

const FRAGMENT_HEADER = 44;
const hashOf = (frame: Uint8Array, seed?: number) => flowHash(frame, 0, frame.length, seed);

/** The fields that identify a flow, and {@link Rest}, which may vary within it. */
interface Flow {
  destination: number;
  source: number;
  protocol: number;
  from: number | bigint;
  to: number | bigint;
  fromPort: number;
  toPort: number;
}

interface Rest {
  tags: EthernetHeader["tags"];
  ttl: number;
  identification: number;
  dscp: number;
  options: Uint8Array;
  payload: Uint8Array;
}

const PLAIN: Rest = {
  tags: [],
  ttl: 64,
  identification: 0,
  dscp: 0,
  options: new Uint8Array(0),
  payload: Uint8Array.of(1, 2, 3),
};

function frameOf(flow: Flow, rest: Rest = PLAIN, fragment?: { offset: number; more: boolean }): Uint8Array {
  const { from, to, protocol } = flow;
  const bytes = new Uint8Array(256);
  const etherType = typeof from === "bigint" ? ETHERTYPE_IPV6 : ETHERTYPE_IPV4;
  const packet = written(encodeEthernet(bytes, 0, { ...flow, tags: rest.tags, etherType }));
  const payloadLength = 4 + rest.payload.length;
  let segment: number;
  if (typeof from === "bigint" && typeof to === "bigint") {
    const addresses = { source: from, destination: to };
    const { dscp, ttl, identification } = rest;
    const fields = { nextHeader: protocol, hopLimit: ttl, trafficClass: dscp, flowLabel: identification };
    segment = written(encodeIpv6(bytes, packet, { ...addresses, ...fields, payloadLength }));
  } else {
    const addresses = { source: Number(from), destination: Number(to) };
    const fragmentFields = { fragmentOffset: fragment?.offset ?? 0, moreFragments: fragment?.more ?? false };
    segment = written(
      encodeIpv4(bytes, packet, {
        ...addresses,
        ...rest,
        ...fragmentFields,
        protocol,
        payloadLength,
      }),
    );
  }
  writeUint16(bytes, segment, flow.fromPort);
  writeUint16(bytes, segment + 2, flow.toPort);
  bytes.set(rest.payload, segment + 4);
  return bytes.subarray(0, segment + payloadLength);
}

const ends = fc.oneof(
  fc.record({ from: ipv4Address, to: ipv4Address }),
  fc.record({ from: ipv6Address, to: ipv6Address }),
);
const flows: fc.Arbitrary<Flow> = fc
  .tuple(
    fc.record({
      destination: mac,
      source: mac,
      protocol: fc.constantFrom(PROTOCOL_TCP, PROTOCOL_UDP),
      fromPort: port,
      toPort: port,
    }),
    ends,
  )
  .map(([flow, addresses]) => ({ ...flow, ...addresses }));
const rests: fc.Arbitrary<Rest> = fc.record({
  tags: fc.array(vlanTag, { maxLength: 3 }),
  ttl: fc.nat(255),
  identification: fc.nat(0xffff),
  dscp: fc.nat(63),
  options: fc.constantFrom(new Uint8Array(0), new Uint8Array(4), new Uint8Array(40).fill(1)),
  payload: fc.uint8Array({ maxLength: 60 }),
});
const FLOW: Flow = {
  destination: 0x0200_0000_0001,
  source: 0x0200_0000_0002,
  protocol: PROTOCOL_UDP,
  from: 0x0a14_0001,
  to: 0x0a14_0002,
  fromPort: 40_000,
  toPort: 53,
};

describe("the hash of a flow", () => {
  it("is the same for all its frames, whatever their other bytes", () => {
    fc.assert(
      fc.property(flows, rests, rests, fc.nat(), (flow, some, other, seed) => {
        expect(hashOf(frameOf(flow, some), seed)).toBe(hashOf(frameOf(flow, other), seed));
      }),
    );
  });

  it("differs between flows that differ in any one field", () => {
    const keys = ["destination", "source", "protocol", "from", "to", "fromPort", "toPort"] as const;
    fc.assert(
      fc.property(flows, flows, fc.constantFrom(...keys), fc.nat(), (flow, other, key, seed) => {
        fc.pre(typeof flow.from === typeof other.from);
        // Two changes in a field of several words may cancel out: once in 2^32.
        const changed = { ...flow, [key]: other[key] };
        fc.pre(changed[key] !== flow[key]);
        expect(hashOf(frameOf(changed), seed)).not.toBe(hashOf(frameOf(flow), seed));
      }),
    );
  });

  it("is the same for all fragments of a packet, of which only the first has ports", () => {
    const first = hashOf(frameOf(FLOW, PLAIN, { offset: 0, more: true }));
    const second = hashOf(frameOf({ ...FLOW, fromPort: 1, toPort: 2 }, PLAIN, { offset: 185, more: true }));
    const last = hashOf(frameOf({ ...FLOW, fromPort: 3, toPort: 4 }, PLAIN, { offset: 370, more: false }));
    expect([second, last]).toEqual([first, first]);
    const sixth = { ...FLOW, from: 1n, to: 2n, protocol: FRAGMENT_HEADER };
    expect(hashOf(frameOf({ ...sixth, fromPort: 7 }))).toBe(hashOf(frameOf(sixth)));
  });

  it("ignores ports for protocols that have none", () => {
    const ping = { ...FLOW, protocol: PROTOCOL_ICMP };
    expect(hashOf(frameOf({ ...ping, fromPort: 0x0800, toPort: 0x1234 }))).toBe(hashOf(frameOf(ping)));
  });

  it("distinguishes EtherTypes, but not lengths in their place", () => {
    const typed = (etherType: number) => {
      const bytes = new Uint8Array(60);
      encodeEthernet(bytes, 0, { destination: 1, source: 2, tags: [], etherType });
      return hashOf(bytes);
    };
    expect(typed(ETHERTYPE_ARP)).not.toBe(typed(0x88cc));
    expect(typed(38)).toBe(typed(46));
  });

  it("spreads similar flows evenly over buckets, and differently with each seed", () => {
    const frame = frameOf(FLOW);
    const ports = frame.length - PLAIN.payload.length - 4;
    const addresses = ports - 8;
    const deal = (seed: number, at: number, step: number) =>
      Array.from({ length: 4096 }, (_, i) => {
        const bytes = frame.slice();
        writeUint32(bytes, at, 0x0a14_0035 + i * step);
        return hashOf(bytes, seed) % 1024;
      });
    for (const seed of [0, 1, 0xdead_beef]) {
      for (const [at, step] of [
        [ports, 0x1_0000],
        [ports, 1],
        [addresses, 1],
        [addresses, 0x100],
      ] as const) {
        const counts = new Array<number>(1024).fill(0);
        for (const bucket of deal(seed, at, step)) counts[bucket] = (counts[bucket] ?? 0) + 1;
        // Four of them each on average; by chance, 18 of 1024 are empty and none has over 16.
        expect(counts.filter((count) => count === 0).length).toBeLessThan(60);
        expect(Math.max(...counts)).toBeLessThan(20);
      }
    }
    const [some, other] = [deal(1, ports, 1), deal(2, ports, 1)];
    expect(some.filter((bucket, i) => bucket === other[i]).length).toBeLessThan(40);
  });

  it("is 32 bits unsigned, and reads no byte outside the frame, whatever the bytes", () => {
    const frames = fc.tuple(flows, rests).map(([flow, rest]) => frameOf(flow, rest).slice());
    expectToKeepWithinBounds((bytes, start, end) => {
      const hash = flowHash(bytes, start, end, 7);
      expect(hash).toBe(hash >>> 0);
      return { hash };
    }, frames);
  });

  it("is that of the seed alone for invalid ranges", () => {
    const frame = frameOf(FLOW);
    for (const end of [-1, 0, 13, frame.length + 1, Number.NaN]) expect(flowHash(frame, 0, end, 9)).toBe(9);
    expect(flowHash(frame, -1, frame.length, 9)).toBe(9);
  });
});
