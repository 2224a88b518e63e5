import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeVxlan, hasVniFlag, readVni, writeVxlan } from "../../../shared/frame/vxlan.ts";
import { vni as anyVni } from "./arbitraries.ts";
import { encodeInNoise, expectToKeepWithinBounds, expectToRefuseSenselessRanges } from "./bounds.ts";

const encoded = (vni: number) => {
  const bytes = new Uint8Array(8);
  writeVxlan(bytes, 0, vni);
  return bytes;
};

describe("a VXLAN header", () => {
  it("decodes to what was encoded", () => {
    fc.assert(
      fc.property(anyVni, fc.nat(64), (vni, payloadLength) => {
        const { bytes, start, written, end } = encodeInNoise(
          (into, offset) => writeVxlan(into, offset, vni),
          payloadLength,
        );
        expect(decodeVxlan(bytes, start, end)).toEqual({ vni, payload: written, end });
        expect(readVni(bytes, start)).toBe(vni);
        expect(hasVniFlag(bytes, start)).toBe(true);
      }),
    );
  });

  it("keeps its decoder within its bytes, whatever they are", () => {
    expectToKeepWithinBounds(decodeVxlan, anyVni.map(encoded));
    expectToRefuseSenselessRanges(decodeVxlan, encoded(101));
  });

  it("is to the byte what RFC 7348 draws, reserved bits 0 over whatever was there", () => {
    const bytes = new Uint8Array(8).fill(0xff);
    writeVxlan(bytes, 0, 0x123456);
    expect(bytes).toEqual(Uint8Array.of(0x08, 0, 0, 0, 0x12, 0x34, 0x56, 0));
  });

  it("is read without regard to reserved bits, and refused without the I flag", () => {
    const noisy = Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe, 0xff);
    expect(decodeVxlan(noisy, 0, 8)).toMatchObject({ vni: 0xff_fffe });
    noisy[0] = 0xf7;
    expect(hasVniFlag(noisy, 0)).toBe(false);
    expect(decodeVxlan(noisy, 0, 8)).toMatchObject({
      layer: "vxlan",
      reason: "no-vni",
      code: "vxlan.no-vni",
    });
  });

  it("is not written for a VNI out of range, nor past the end of a buffer", () => {
    expect(() => writeVxlan(new Uint8Array(8), 0, 2 ** 24)).toThrow("VNI 16777216");
    expect(() => writeVxlan(new Uint8Array(8), 0, -1)).toThrow(RangeError);
    expect(() => writeVxlan(new Uint8Array(8), 1, 1)).toThrow(RangeError);
  });
});
