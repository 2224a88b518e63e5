import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeTimeCode, encodeTimeCode, maxTimeCode } from "../../../../shared/frame/groups/time-code.ts";

describe.each([
  { bits: 8, mantissaBits: 4, longest: 31_744 },
  { bits: 16, mantissaBits: 12, longest: 8_387_584 },
])("a time code of $bits bits", ({ bits, mantissaBits, longest }) => {
  it("encodes to itself after decoding", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** bits - 1 }), (code) => {
        expect(encodeTimeCode(decodeTimeCode(code, mantissaBits), mantissaBits)).toBe(code);
      }),
    );
  });

  it("increases with the time", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** bits - 1 }), (code) => {
        expect(decodeTimeCode(code, mantissaBits)).toBeGreaterThan(decodeTimeCode(code - 1, mantissaBits));
      }),
    );
  });

  it("has a longest time, and expresses neither longer times nor parts of a unit", () => {
    expect(maxTimeCode(mantissaBits)).toBe(longest);
    expect(encodeTimeCode(longest, mantissaBits)).toBe(2 ** bits - 1);
    for (const value of [longest + 1, -1, 0.5]) {
      expect(encodeTimeCode(value, mantissaBits)).toBeUndefined();
    }
  });
});
