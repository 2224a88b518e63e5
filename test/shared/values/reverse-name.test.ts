import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatAddress, parseAddress } from "../../../shared/frame/address.ts";
import { type Cidr, parseCidr } from "../../../shared/frame/cidr.ts";
import { readReverse, reverseName, reverseZone } from "../../../shared/values/reverse-name.ts";
import { ipv4Address, ipv6Address } from "../frame/arbitraries.ts";

function cidr(text: string): Cidr {
  const parsed = parseCidr(text);
  if (parsed === undefined) throw new Error(text);
  return parsed;
}

describe("reverse names", () => {
  it.each([
    ["10.20.0.7", "7.0.20.10.in-addr.arpa"],
    // RFC 3596 section 2.5.
    ["4321:0:1:2:3:4:567:89ab", "b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.0.0.0.0.1.2.3.4.ip6.arpa"],
  ])("of %s is %s", (address, name) => {
    expect(reverseName(parseAddress(address) ?? 0)).toBe(name);
  });

  it.each([
    ["10.20.0.0/24", "0.20.10.in-addr.arpa"],
    ["10.20.4.0/22", "20.10.in-addr.arpa"],
    ["10.20.0.64/26", "0.20.10.in-addr.arpa"],
    ["fd12:3456:789a::/64", "0.0.0.0.a.9.8.7.6.5.4.3.2.1.d.f.ip6.arpa"],
  ])("of %s are in %s", (subnet, zone) => {
    expect(reverseZone(cidr(subnet))).toBe(zone);
  });

  it("give back their address", () => {
    fc.assert(
      fc.property(fc.oneof(ipv4Address, ipv6Address), fc.integer({ min: 0, max: 32 }), (address, prefix) => {
        const subnet = cidr(`${formatAddress(address)}/${prefix}`);
        const name = reverseName(address);
        expect(name.endsWith(reverseZone(subnet))).toBe(true);
        expect(readReverse(name, subnet)).toEqual({ kind: "address", address });
      }),
    );
  });

  it.each([
    ["64.4.20.10.in-addr.arpa", "10.20.4.0/22", "address"],
    ["4.20.10.in-addr.arpa", "10.20.4.0/22", "between"],
    ["64.8.20.10.in-addr.arpa", "10.20.4.0/22", "outside"],
    ["1.0.20.10.in-addr.arpa", "10.20.0.64/26", "outside"],
    ["256.0.20.10.in-addr.arpa", "10.20.0.0/24", "nothing"],
    ["07.0.20.10.in-addr.arpa", "10.20.0.0/24", "nothing"],
    ["x.7.0.20.10.in-addr.arpa", "10.20.0.0/24", "nothing"],
    ["g.0.0.0.0.a.9.8.7.6.5.4.3.2.1.d.f.ip6.arpa", "fd12:3456:789a::/64", "nothing"],
    ["1.0.0.0.0.a.9.8.7.6.5.4.3.2.1.d.f.ip6.arpa", "fd12:3456:789a::/64", "between"],
  ])("like %s in %s are %s", (name, subnet, kind) => {
    expect(readReverse(name, cidr(subnet))).toMatchObject({ kind });
  });
});
