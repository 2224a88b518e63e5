import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { written } from "../../../../shared/frame/bytes.ts";
import {
  decodeIcmpEcho,
  decodeIcmpv6Echo,
  type Echo,
  encodeIcmpEcho,
  encodeIcmpv6Echo,
  isIcmpIntact,
  isIcmpv6Intact,
} from "../../../../shared/frame/ip/icmp.ts";
import { Malformed } from "../../../../shared/frame/malformed.ts";
import { echo as anyEcho, ipv6Address } from "../arbitraries.ts";
import { encodeInNoise, expectToKeepWithinBounds, expectToRefuseSenselessRanges } from "../bounds.ts";

const SOURCE = 0xfe80_0000_0000_0000_0000_0000_0000_0001n;
const DESTINATION = 0xfe80_0000_0000_0000_0000_0000_0000_0002n;
const ping: Echo = { kind: "request", identifier: 0x1234, sequence: 7, data: Uint8Array.of(1, 2, 3) };

const kinds = [
  {
    name: "an ICMP echo",
    layer: "icmp",
    requestType: 8,
    replyType: 0,
    decode: decodeIcmpEcho,
    encode: encodeIcmpEcho,
    isIntact: isIcmpIntact,
  },
  {
    name: "an ICMPv6 echo",
    layer: "icmpv6",
    requestType: 128,
    replyType: 129,
    decode: decodeIcmpv6Echo,
    encode: (bytes: Uint8Array, offset: number, echo: Echo) =>
      encodeIcmpv6Echo(bytes, offset, echo, SOURCE, DESTINATION),
    isIntact: (bytes: Uint8Array, start: number, end: number) =>
      isIcmpv6Intact(bytes, start, end, SOURCE, DESTINATION),
  },
];

describe.each(kinds)("$name", ({ layer, requestType, replyType, decode, encode, isIntact }) => {
  const encoded = (echo: Echo) => {
    const bytes = new Uint8Array(128);
    return bytes.subarray(0, encode(bytes, 0, echo));
  };

  it("decodes to what was encoded, with a right checksum", () => {
    fc.assert(
      fc.property(anyEcho, (echo) => {
        const { bytes, start, end } = encodeInNoise((into, offset) => encode(into, offset, echo));
        expect(decode(bytes, start, end)).toEqual(echo);
        expect(isIntact(bytes, start, end)).toBe(true);
      }),
    );
  });

  it("is decoded within its bytes, whatever they are", () => {
    expectToKeepWithinBounds(decode, anyEcho.map(encoded));
    expectToRefuseSenselessRanges(decode, encoded({ ...ping, data: new Uint8Array(0) }));
  });

  it("is found damaged after any flipped bit", () => {
    const bytes = encoded(ping);
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const damaged = Uint8Array.from(bytes);
      damaged[bit >>> 3] = (damaged[bit >>> 3] ?? 0) ^ (0x80 >>> (bit & 7));
      expect(isIntact(damaged, 0, damaged.length), `bit ${bit}`).toBe(false);
    }
    expect(isIntact(bytes, 0, 3)).toBe(false);
    expect(isIntact(bytes, 0, bytes.length + 1)).toBe(false);
  });

  it("has the type of its kind; other types and codes are refused", () => {
    const bytes = encoded(ping);
    expect(bytes[0]).toBe(requestType);
    expect(encoded({ ...ping, kind: "reply" })[0]).toBe(replyType);
    bytes[0] = 3;
    expect(decode(bytes, 0, bytes.length)).toMatchObject({ layer, reason: "bad-type" });
    bytes.set([requestType, 1]);
    expect(decode(bytes, 0, bytes.length)).toMatchObject({ layer, reason: "bad-type" });
    expect(decode(bytes, 0, 7)).toMatchObject({ layer, reason: "truncated" });
  });

  it("can be answered in place, from its own view", () => {
    const bytes = encoded(ping);
    const request = decode(bytes, 0, bytes.length);
    if (request instanceof Malformed) throw new Error(request.code);
    encode(bytes, 0, { ...request, kind: "reply" });
    expect(decode(bytes, 0, bytes.length)).toEqual({ ...ping, kind: "reply" });
    expect(isIntact(bytes, 0, bytes.length)).toBe(true);
  });

  it("is not encoded with a field out of range, nor past the end of a buffer", () => {
    expect(encode(new Uint8Array(64), 0, { ...ping, identifier: 0x1_0000 })).toBeUndefined();
    expect(encode(new Uint8Array(64), 0, { ...ping, sequence: -1 })).toBeUndefined();
    expect(encode(new Uint8Array(10), 0, ping)).toBeUndefined();
  });
});

describe("the ICMPv6 checksum", () => {
  it("covers the packet's addresses", () => {
    fc.assert(
      fc.property(ipv6Address, ipv6Address, (source, destination) => {
        const bytes = new Uint8Array(64);
        const end = written(encodeIcmpv6Echo(bytes, 0, ping, source, destination));
        expect(isIcmpv6Intact(bytes, 0, end, source, destination)).toBe(true);
        expect(isIcmpv6Intact(bytes, 0, end, source ^ 1n, destination)).toBe(false);
        expect(isIcmpv6Intact(bytes, 0, end, source, destination ^ (1n << 127n))).toBe(false);
      }),
    );
  });

  it("is not computed for an invalid address", () => {
    expect(encodeIcmpv6Echo(new Uint8Array(64), 0, ping, -1n, 0n)).toBeUndefined();
    expect(encodeIcmpv6Echo(new Uint8Array(64), 0, ping, 0n, 1n << 128n)).toBeUndefined();
  });
});
