import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  BROADCAST_MAC,
  formatMac,
  isGroup,
  isGroupAt,
  isUsableSource,
  parseMac,
  readMac,
  writeMac,
} from "../../../shared/frame/mac.ts";
import { mac } from "./arbitraries.ts";
import { encodeInNoise } from "./bounds.ts";

describe("a MAC address", () => {
  it("decodes to what was encoded, and no other byte changes", () => {
    fc.assert(
      fc.property(mac, (address) => {
        const { bytes, start, written } = encodeInNoise((into, offset) => writeMac(into, offset, address));
        expect(written - start).toBe(6);
        expect(readMac(bytes, start)).toBe(address);
      }),
    );
  });

  it("has its first byte on the wire as the most significant", () => {
    expect(readMac(Uint8Array.of(0x02, 0, 0, 0, 0, 0x01), 0)).toBe(0x0200_0000_0001);
  });

  it("keeps its value through text", () => {
    fc.assert(
      fc.property(mac, (address) => {
        expect(parseMac(formatMac(address))).toBe(address);
      }),
    );
  });

  it("is written in lower case with colons, zeros included", () => {
    expect(formatMac(0x0200_00ab_0001)).toBe("02:00:00:ab:00:01");
    expect(formatMac(0)).toBe("00:00:00:00:00:00");
  });

  it("may be given in upper case or with hyphens", () => {
    expect(parseMac("02:00:00:AB:cd:01")).toBe(0x0200_00ab_cd01);
    expect(parseMac("02-00-00-ab-cd-01")).toBe(0x0200_00ab_cd01);
  });

  it.each([
    "",
    "02:00:00:00:00",
    "02:00:00:00:00:01:02",
    "02:00-00:00:00:01",
    "2:0:0:0:0:1",
    "020000000001",
    "02:00:00:00:00:0g",
    " 02:00:00:00:00:01",
    "02:00:00:00:00:01\n",
  ])("is not %j", (text) => {
    expect(parseMac(text)).toBeUndefined();
  });

  it("is a group address by the lowest bit of its first byte, wherever that is asked", () => {
    fc.assert(
      fc.property(mac, (address) => {
        const { bytes, start } = encodeInNoise((into, offset) => writeMac(into, offset, address));
        const group = Number.parseInt(formatMac(address).slice(0, 2), 16) % 2 === 1;
        expect(isGroup(address)).toBe(group);
        expect(isGroupAt(bytes, start)).toBe(group);
      }),
    );
    expect(isGroup(BROADCAST_MAC)).toBe(true);
  });

  it("may be sent from unless it is a group address or zero", () => {
    expect(isUsableSource(0x0200_0000_0001)).toBe(true);
    expect(isUsableSource(0xfe00_0000_0000)).toBe(true);
    expect(isUsableSource(0x0100_5e00_0001)).toBe(false);
    expect(isUsableSource(BROADCAST_MAC)).toBe(false);
    expect(isUsableSource(0)).toBe(false);
  });

  it.each([-1, 2 ** 48, 1.5, Number.NaN])("can't be %d", (address) => {
    expect(writeMac(new Uint8Array(6), 0, address)).toBeUndefined();
    expect(() => formatMac(address)).toThrow(RangeError);
  });

  it("is not written past the end of a buffer", () => {
    const bytes = new Uint8Array(8);
    expect(writeMac(bytes, 3, 1)).toBeUndefined();
    expect(writeMac(bytes, -1, 1)).toBeUndefined();
    expect(bytes).toEqual(new Uint8Array(8));
  });
});
