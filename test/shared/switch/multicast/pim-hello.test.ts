import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { writeUint16 } from "../../../../shared/frame/bytes.ts";
import { checksum } from "../../../../shared/frame/checksum.ts";
import { readPimHoldtime } from "../../../../shared/switch/multicast/pim-hello.ts";
import { pimHello } from "./frames.ts";

const sealed = (bytes: Uint8Array) => {
  writeUint16(bytes, 2, 0);
  writeUint16(bytes, 2, checksum(bytes, 0, bytes.length));
  return bytes;
};
const holdtimeOf = (bytes: Uint8Array) => readPimHoldtime(bytes, 0, bytes.length, 0);

describe("a PIM hello", () => {
  it("says how long it holds, and holds 105 seconds if it doesn't", () => {
    expect(holdtimeOf(sealed(pimHello(300)))).toBe(300);
    expect(holdtimeOf(sealed(pimHello(0)))).toBe(0);
    expect(holdtimeOf(sealed(pimHello(undefined)))).toBe(105);
  });

  it("says so behind other options too", () => {
    const bytes = Uint8Array.of(...pimHello(undefined), 0, 20, 0, 4, 1, 2, 3, 4, 0, 1, 0, 2, 0, 9);
    expect(holdtimeOf(sealed(bytes))).toBe(9);
  });

  it("is none if it is damaged, cut short or another message", () => {
    expect(holdtimeOf(pimHello(300))).toBeUndefined();
    expect(holdtimeOf(Uint8Array.of(0x20, 0, 0))).toBeUndefined();
    expect(holdtimeOf(sealed(pimHello(300).with(0, 0x23)))).toBeUndefined();
  });

  it("with options that lie about their length holds what is there", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (options) => {
        const bytes = sealed(Uint8Array.of(0x20, 0, 0, 0, ...options));
        const around = Uint8Array.of(0xff, ...bytes, 0, 1, 0, 2, 0xab, 0xcd);
        const holdtime = readPimHoldtime(around, 1, 1 + bytes.length, 0);
        expect(holdtime).toBe(holdtimeOf(bytes));
        expect(holdtime).toBeGreaterThanOrEqual(0);
      }),
    );
  });
});
