import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { completeCsum, sumWords } from "../../../shared/offload/csum.ts";
import { TCP_CSUM_OFFSET, UDP_CSUM_OFFSET } from "../../../shared/offload/packet.ts";
import { sumByDefinition } from "./by-definition.ts";

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.length);

describe("the sum of a range of bytes", () => {
  it("is the one's complement sum of its words, for any length and offset", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), fc.nat(20), fc.nat(20), (data, before, after) => {
        const bytes = new Uint8Array(before + data.length + after).fill(0x77);
        bytes.set(data, before);
        const sum = sumWords(viewOf(bytes), before, before + data.length);
        expect(sum).toBe(sumByDefinition(data));
      }),
      { numRuns: 500 },
    );
  });

  it("loses no carry over the largest super-frame", () => {
    for (const fill of [0xff, 0x80, 0x01]) {
      const bytes = new Uint8Array(65_550).fill(fill);
      for (const end of [65_550, 65_549]) {
        expect(sumWords(viewOf(bytes), 0, end)).toBe(sumByDefinition(bytes.subarray(0, end)));
      }
    }
  });
});

describe("a completed checksum", () => {
  it("is 0xffff in UDP instead of 0, which would mean no checksum, and 0 elsewhere", () => {
    const bytes = new Uint8Array(20);
    bytes.fill(0xff, 0, 2);
    completeCsum(viewOf(bytes), 0, UDP_CSUM_OFFSET, 20);
    expect([...bytes.subarray(UDP_CSUM_OFFSET, UDP_CSUM_OFFSET + 2)]).toEqual([0xff, 0xff]);

    bytes.fill(0, 2);
    completeCsum(viewOf(bytes), 0, TCP_CSUM_OFFSET, 20);
    expect([...bytes]).toEqual([0xff, 0xff, ...new Array(18).fill(0)]);
  });
});
