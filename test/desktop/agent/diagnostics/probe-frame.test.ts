import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  decodeProbe,
  encodeProbe,
  isProbe,
  PROBE_BYTES,
  type Probe,
} from "../../../../desktop/agent/diagnostics/probe-frame.ts";

const word = fc.integer({ min: 0, max: 0xffff_ffff });
const probe: fc.Arbitrary<Probe> = fc.record({
  kind: fc.constantFrom("echo", "reply", "burst", "report"),
  session: word,
  sequence: word,
  microseconds: word,
  answers: word,
});
const where = { destination: 0x02_00_00_00_00_01, source: 0x02_00_00_00_00_02 };

describe("a probe", () => {
  it("is read as it was written, at any size", () => {
    fc.assert(
      fc.property(probe, fc.integer({ min: 0, max: 1_500 }), (given, size) => {
        const bytes = encodeProbe(given, { ...where, size });
        expect(bytes.length).toBe(14 + Math.max(size, PROBE_BYTES));
        expect(isProbe(bytes, 0, bytes.length)).toBe(true);
        expect(decodeProbe(bytes, 0)).toEqual(given);
      }),
    );
  });

  it("is not decoded if it is too short, of another EtherType, or another program's under this one", () => {
    const given: Probe = { kind: "echo", session: 1, sequence: 2, microseconds: 0, answers: 0 };
    const bytes = encodeProbe(given, { ...where, size: 0 });
    expect(isProbe(bytes, 0, bytes.length - 1)).toBe(false);
    for (const at of [14, 17, 18, 19]) {
      const other = Uint8Array.from(bytes);
      other[at] = 0xee;
      expect(decodeProbe(other, 0), `byte ${at}`).toBeUndefined();
    }
    bytes[13] = 0xb5;
    expect(isProbe(bytes, 0, bytes.length)).toBe(false);
  });
});
