import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ARP_BYTES, ARP_REQUEST, type Arp, decodeArp, encodeArp } from "../../../shared/frame/arp.ts";
import { arp as anyArp } from "./arbitraries.ts";
import { encodeInNoise, expectToKeepWithinBounds, expectToRefuseSenselessRanges } from "./bounds.ts";

const encoded = (arp: Arp) => {
  const bytes = new Uint8Array(ARP_BYTES);
  encodeArp(bytes, 0, arp);
  return bytes;
};

const request: Arp = {
  operation: ARP_REQUEST,
  senderMac: 0x0200_0000_0001,
  senderAddress: 0x0a14_0007,
  targetMac: 0,
  targetAddress: 0x0a14_0008,
};

describe("an ARP packet", () => {
  it("decodes to what was encoded, padding or not", () => {
    fc.assert(
      fc.property(anyArp, fc.nat(18), (arp, padding) => {
        const { bytes, start, end } = encodeInNoise((into, offset) => encodeArp(into, offset, arp), padding);
        expect(decodeArp(bytes, start, end)).toEqual(arp);
      }),
    );
  });

  it("is decoded within its bytes, whatever they are", () => {
    expectToKeepWithinBounds(decodeArp, anyArp.map(encoded));
    expectToRefuseSenselessRanges(decodeArp, encoded(request));
  });

  it("is truncated at every length below 28", () => {
    for (let end = 0; end < ARP_BYTES; end++) {
      expect(decodeArp(encoded(request), 0, end)).toMatchObject({ layer: "arp", reason: "truncated" });
    }
  });

  it.each([
    [1, 6, "bad-type"],
    [3, 0x01, "bad-type"],
    [4, 8, "bad-length"],
    [5, 16, "bad-length"],
  ])("of another network (byte %i is %i) is refused as %s", (index, value, reason) => {
    const bytes = encoded(request);
    bytes[index] = value;
    expect(decodeArp(bytes, 0, ARP_BYTES)).toMatchObject({ layer: "arp", reason });
  });

  it.each<[string, Partial<Arp>]>([
    ["an operation", { operation: 0x1_0000 }],
    ["a sender MAC", { senderMac: 2 ** 48 }],
    ["a sender address", { senderAddress: -1 }],
    ["a target MAC", { targetMac: 0.5 }],
    ["a target address", { targetAddress: 2 ** 32 }],
  ])("is not encoded with %s out of range, not even in part", (_, wrong) => {
    const bytes = new Uint8Array(ARP_BYTES);
    expect(encodeArp(bytes, 0, { ...request, ...wrong })).toBeUndefined();
    expect(bytes).toEqual(new Uint8Array(ARP_BYTES));
  });

  it("is not encoded past the end of a buffer", () => {
    expect(encodeArp(new Uint8Array(ARP_BYTES), 1, request)).toBeUndefined();
  });
});
