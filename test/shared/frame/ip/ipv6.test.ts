import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { written } from "../../../../shared/frame/bytes.ts";
import { PROTOCOL_ICMPV6 } from "../../../../shared/frame/ip/ipv4.ts";
import {
  decodeIpv6,
  encodeIpv6,
  extensionHeaderBytes,
  type Ipv6Fields,
  type Ipv6Header,
  isExtensionHeader,
} from "../../../../shared/frame/ip/ipv6.ts";
import { ipv6Header } from "../arbitraries.ts";
import { encodeInNoise, expectToKeepWithinBounds, expectToRefuseSenselessRanges } from "../bounds.ts";

const packet = (fields: Ipv6Fields) => {
  const bytes = new Uint8Array(256);
  const payload = written(encodeIpv6(bytes, 0, fields));
  return bytes.subarray(0, payload + fields.payloadLength);
};

const plain: Ipv6Fields = {
  nextHeader: PROTOCOL_ICMPV6,
  source: 0xfe80_0000_0000_0000_0000_0000_0000_0001n,
  destination: 0xff02_0000_0000_0000_0000_0000_0000_0001n,
  payloadLength: 8,
};

describe("an IPv6 header", () => {
  it("decodes to what was encoded, and ends before the frame's padding", () => {
    fc.assert(
      fc.property(ipv6Header, fc.nat(16), (header, padding) => {
        const { bytes, start, written, end } = encodeInNoise(
          (into, offset) => encodeIpv6(into, offset, header),
          header.payloadLength + padding,
        );
        const decoded = decodeIpv6(bytes, start, end);
        expect(decoded).toEqual({ ...header, payload: written, end: written + header.payloadLength });
      }),
    );
  });

  it("is decoded within its bytes, whatever they are", () => {
    expectToKeepWithinBounds(decodeIpv6, ipv6Header.map(packet));
    expectToRefuseSenselessRanges(decodeIpv6, packet(plain));
  });

  it("has the bytes of RFC 8200, with hop limit 64 by default", () => {
    const header = packet({ ...plain, trafficClass: 0xab, flowLabel: 0xcdef1 }).subarray(0, 40);
    const addresses = `fe80${"0".repeat(27)}1ff02${"0".repeat(27)}1`;
    expect(Buffer.from(header).toString("hex")).toBe(`6abcdef100083a40${addresses}`);
  });

  it("is refused with the reason: truncated, bad version", () => {
    const bytes = packet(plain);
    expect(decodeIpv6(bytes, 0, 39)).toMatchObject({ layer: "ipv6", reason: "truncated" });
    expect(decodeIpv6(bytes, 0, 47)).toMatchObject({ layer: "ipv6", reason: "truncated" });
    bytes[0] = 0x45;
    expect(decodeIpv6(bytes, 0, 48)).toMatchObject({ layer: "ipv6", reason: "bad-version" });
  });

  it.each<Partial<Ipv6Header>>([
    { trafficClass: 256 },
    { flowLabel: 2 ** 20 },
    { payloadLength: 0x1_0000 },
    { nextHeader: -1 },
    { hopLimit: 256 },
    { source: 1n << 128n },
    { destination: -1n },
  ])("is not encoded with a field out of range, not even in part: %o", (wrong) => {
    const bytes = new Uint8Array(40);
    expect(encodeIpv6(bytes, 0, { ...plain, ...wrong })).toBeUndefined();
    expect(bytes).toEqual(new Uint8Array(40));
  });

  it("is not encoded past the end of a buffer", () => {
    expect(encodeIpv6(new Uint8Array(40), 1, plain)).toBeUndefined();
  });
});

describe("an extension header", () => {
  it("is one of IANA's list, except ESP and the numbers for experiments", () => {
    const headers = Array.from({ length: 256 }, (_, number) => number).filter(isExtensionHeader);
    // Not ESP (50), no next header (59), nor 253 and 254; and no number that is not assigned (RFC 7045 section 4).
    expect(headers).toEqual([0, 43, 44, 51, 60, 135, 139, 140]);
  });

  it("counts its length in units of 8 bytes without the first, an authentication header in units of 4 without two", () => {
    expect([0, 1, 255].map((length) => extensionHeaderBytes(60, length))).toEqual([8, 16, 2_048]);
    expect([1, 4].map((length) => extensionHeaderBytes(51, length))).toEqual([12, 24]);
  });
});
