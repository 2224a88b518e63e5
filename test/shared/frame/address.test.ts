import { isIPv4, isIPv6 } from "node:net";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  formatAddress,
  formatIpv4,
  formatIpv6,
  parseAddress,
  parseIpv4,
  parseIpv6,
} from "../../../shared/frame/address.ts";
import { ipv4Address, ipv6Address } from "./arbitraries.ts";

/** Text that is an address or nearly one. */
const nearly = (characters: string) =>
  fc.string({ unit: fc.constantFrom(...characters, "::", "0", "1.2.3.4", "255", "ffff:"), maxLength: 14 });

describe("an IPv4 address", () => {
  it("keeps its value through text", () => {
    fc.assert(
      fc.property(ipv4Address, (address) => {
        expect(parseIpv4(formatIpv4(address))).toBe(address);
      }),
    );
    expect(formatIpv4(0x0a14_0007)).toBe("10.20.0.7");
  });

  it("is recognised exactly if Node recognises it", () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), nearly("0123456789. -x")), (text) => {
        expect(parseIpv4(text) !== undefined).toBe(isIPv4(text));
      }),
    );
  });

  it.each(["", "10.20.0", "10.20.0.256", "10.20.0.07", "10.20.0.7 ", "10.20.0.0x7", "1e1.0.0.1", "0.0.0.-1"])(
    "is not %j",
    (text) => {
      expect(parseIpv4(text)).toBeUndefined();
    },
  );

  it("is not formatted from a number over 32 bits", () => {
    expect(() => formatIpv4(2 ** 32)).toThrow("IPv4 address 4294967296");
    expect(() => formatIpv4(-1)).toThrow(RangeError);
  });
});

describe("an IPv6 address", () => {
  it("keeps its value through text", () => {
    fc.assert(
      fc.property(ipv6Address, (address) => {
        expect(parseIpv6(formatIpv6(address))).toBe(address);
      }),
    );
  });

  it("is formatted and parsed as in a URL's host", () => {
    fc.assert(
      fc.property(ipv6Address, (address) => {
        // The URL standard doesn't write IPv4-mapped addresses as RFC 5952 §5 wants.
        fc.pre(address >> 32n !== 0xffffn);
        const text = formatIpv6(address);
        expect(new URL(`http://[${text}]`).hostname).toBe(`[${text}]`);
      }),
    );
  });

  it("is recognised exactly if Node recognises it, with the same value", () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV6(), nearly("09afAFg:.%")), (text) => {
        // A zone belongs to a host, not to an address.
        fc.pre(!text.includes("%"));
        const address = parseIpv6(text);
        expect(address !== undefined).toBe(isIPv6(text));
        if (address === undefined) return;
        const url = new URL(`http://[${text}]`).hostname;
        expect(parseIpv6(url.slice(1, -1))).toBe(address);
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    ["::", 0n],
    ["::1", 1n],
    ["fe80::1", 0xfe80_0000_0000_0000_0000_0000_0000_0001n],
    ["2001:db8:0:1:1:1:1:1", 0x2001_0db8_0000_0001_0001_0001_0001_0001n],
    ["2001:0:0:1::1", 0x2001_0000_0000_0001_0000_0000_0000_0001n],
    ["::ffff:10.20.0.7", 0xffff_0a14_0007n],
  ])("is written %s in its canonical form", (text, address) => {
    expect(formatIpv6(address)).toBe(text);
    expect(parseIpv6(text)).toBe(address);
  });

  it.each([
    "",
    ":",
    ":::",
    "1",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1::2::3",
    "12345::",
    "1:2:3:4:5:6:7:8::",
  ])("is not %j", (text) => {
    expect(parseIpv6(text)).toBeUndefined();
  });

  it.each(["fe80::1%eth0", "1.2.3.4::", "::1.2.3", "::1.2.3.4:5", "g::"])("is not %j either", (text) => {
    expect(parseIpv6(text)).toBeUndefined();
  });

  it("is not formatted from a number over 128 bits", () => {
    expect(() => formatIpv6(1n << 128n)).toThrow(RangeError);
    expect(() => formatIpv6(-1n)).toThrow(RangeError);
  });
});

describe("an address of either kind", () => {
  it("is a number for IPv4 and a bigint for IPv6, and keeps its value through text", () => {
    expect(parseAddress("0.0.0.1")).toBe(1);
    expect(parseAddress("::1")).toBe(1n);
    expect(parseAddress("host")).toBeUndefined();
    fc.assert(
      fc.property(fc.oneof(ipv4Address, ipv6Address), (address) => {
        expect(parseAddress(formatAddress(address))).toBe(address);
      }),
    );
  });
});
