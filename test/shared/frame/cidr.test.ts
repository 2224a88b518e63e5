import { BlockList } from "node:net";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatAddress } from "../../../shared/frame/address.ts";
import {
  type Cidr,
  containsAddress,
  formatCidr,
  lastAddressOf,
  networkOf,
  overlaps,
  parseCidr,
} from "../../../shared/frame/cidr.ts";
import { ipv4Address, ipv6Address } from "./arbitraries.ts";

const anyCidr: fc.Arbitrary<Cidr> = fc.oneof(
  fc.record({ version: fc.constant(4), address: ipv4Address, prefix: fc.nat(32) }),
  fc.record({ version: fc.constant(6), address: ipv6Address, prefix: fc.nat(128) }),
);

const cidr = (text: string): Cidr => {
  const parsed = parseCidr(text);
  if (parsed === undefined) throw new Error(`${text} was not read`);
  return parsed;
};

describe("a CIDR", () => {
  it("keeps its value through text, host bits included", () => {
    fc.assert(
      fc.property(anyCidr, (any) => {
        expect(parseCidr(formatCidr(any))).toEqual(any);
      }),
    );
    expect(parseCidr("10.20.0.7/24")).toEqual({ version: 4, address: 0x0a14_0007, prefix: 24 });
    expect(parseCidr("::7/64")).toEqual({ version: 6, address: 7n, prefix: 64 });
  });

  it.each([
    "",
    "10.20.0.7",
    "10.20.0.7/",
    "10.20.0.7/33",
    "10.20.0.7/024",
    "10.20.0.7/-1",
    "10.20.0.7/24/24",
    "10.20.0.7/ 24",
    "10.20.0/24",
    "fd00::/129",
    "/24",
    "lan/24",
  ])("is not %j", (text) => {
    expect(parseCidr(text)).toBeUndefined();
  });

  it.each([
    ["10.20.0.7/24", "10.20.0.0/24", "10.20.0.255"],
    ["192.168.255.1/17", "192.168.128.0/17", "192.168.255.255"],
    ["10.20.0.7/32", "10.20.0.7/32", "10.20.0.7"],
    ["200.1.2.3/0", "0.0.0.0/0", "255.255.255.255"],
    ["fd00::1:7/64", "fd00::/64", "fd00::ffff:ffff:ffff:ffff"],
    ["fd00::7/128", "fd00::7/128", "fd00::7"],
  ])("%s lies in the network %s, which ends at %s", (text, network, last) => {
    expect(formatCidr(networkOf(cidr(text)))).toBe(network);
    expect(formatAddress(lastAddressOf(cidr(text)))).toBe(last);
  });

  it("contains its own, first and last address, and not the ones before and after", () => {
    fc.assert(
      fc.property(anyCidr, (any) => {
        const first = networkOf(any).address;
        const last = lastAddressOf(any);
        for (const inside of [any.address, first, last]) expect(containsAddress(any, inside)).toBe(true);
        const top = any.version === 4 ? 0xffff_ffffn : (1n << 128n) - 1n;
        const outside = [BigInt(first) - 1n, BigInt(last) + 1n].filter(
          (value) => value >= 0n && value <= top,
        );
        for (const value of outside) {
          expect(containsAddress(any, any.version === 4 ? Number(value) : value)).toBe(false);
        }
      }),
    );
  });

  it("contains the same addresses as Node's block list", () => {
    fc.assert(
      fc.property(ipv4Address, fc.nat(32), fc.nat(0xffff), (address, prefix, change) => {
        const list = new BlockList();
        list.addSubnet(formatAddress(address), prefix, "ipv4");
        const near = (address ^ change) >>> 0;
        expect(containsAddress({ version: 4, address, prefix }, near)).toBe(list.check(formatAddress(near)));
      }),
    );
  });

  it("contains no address of the other version", () => {
    expect(containsAddress(cidr("0.0.0.0/0"), 1n)).toBe(false);
    expect(containsAddress(cidr("::/0"), 1)).toBe(false);
  });

  it("overlaps networks inside it and around it, in either order", () => {
    fc.assert(
      fc.property(anyCidr, anyCidr, (one, other) => {
        const expected =
          containsAddress(one, networkOf(other).address) || containsAddress(other, networkOf(one).address);
        expect(overlaps(one, other)).toBe(expected);
        expect(overlaps(other, one)).toBe(expected);
      }),
    );
    expect(overlaps(cidr("10.0.0.0/8"), cidr("10.20.0.7/24"))).toBe(true);
    expect(overlaps(cidr("10.20.0.0/24"), cidr("10.20.1.0/24"))).toBe(false);
    expect(overlaps(cidr("0.0.0.0/0"), cidr("::/0"))).toBe(false);
  });
});
