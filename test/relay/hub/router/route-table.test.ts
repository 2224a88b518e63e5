import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RouteTable } from "../../../../relay/hub/router/route-table.ts";
import { type IpAddress, parseAddress } from "../../../../shared/frame/address.ts";
import { type Cidr, containsAddress, parseCidr } from "../../../../shared/frame/cidr.ts";

function cidr(text: string): Cidr {
  const read = parseCidr(text);
  if (read === undefined) throw new Error(text);
  return read;
}

function table(...texts: string[]): RouteTable<string> {
  const made = new RouteTable<string>();
  for (const text of texts) made.add(cidr(text), text);
  return made;
}

const lookup = (of: RouteTable<string>, text: string) => of.lookup(parseAddress(text) ?? 0);

describe("a table of routes", () => {
  it.each([
    ["10.20.0.7", "10.20.0.0/24"],
    ["10.20.0.130", "10.20.0.128/25"],
    ["10.20.9.9", "10.20.0.0/16"],
    ["192.0.2.1", "0.0.0.0/0"],
    ["192.0.2.77", "192.0.2.77/32"],
    ["fd00:1::9", "fd00:1::/64"],
    ["fd00:2::9", undefined],
  ])("finds the longest prefix of %s", (address, way) => {
    const routes = table(
      "0.0.0.0/0",
      "10.20.0.0/16",
      "192.0.2.77/32",
      "10.20.0.128/25",
      "10.20.0.0/24",
      "fd00:1::/64",
    );
    expect(lookup(routes, address)).toBe(way);
  });

  it("knows networks whatever their host bits, and forgets them", () => {
    const routes = table("10.20.0.7/24", "10.0.0.0/8");
    expect(routes.at(cidr("10.20.0.99/24"))).toBe("10.20.0.7/24");
    expect(routes.at(cidr("10.20.0.0/25"))).toBeUndefined();
    routes.delete(cidr("10.20.0.1/24"));
    expect(lookup(routes, "10.20.0.7")).toBe("10.0.0.0/8");
    routes.delete(cidr("10.0.0.0/8"));
    expect(lookup(routes, "10.20.0.7")).toBeUndefined();
  });

  it("agrees with a search through all networks", () => {
    const v4 = fc.record({ address: fc.nat(0xff), prefix: fc.integer({ min: 24, max: 32 }) });
    const v6 = fc.record({ address: fc.bigInt(0n, 0xffn), prefix: fc.integer({ min: 120, max: 128 }) });
    const some = fc.array(fc.oneof(v4, v6), { maxLength: 20 });
    fc.assert(
      fc.property(some, fc.oneof(fc.nat(0xff), fc.bigInt(0n, 0xffn)), (networks, address: IpAddress) => {
        const routes = new RouteTable<Cidr>();
        for (const { address, prefix } of networks) {
          const one: Cidr =
            typeof address === "number" ? { version: 4, address, prefix } : { version: 6, address, prefix };
          routes.add(one, one);
        }
        const found = routes.lookup(address);
        const all = networks.filter(({ address: own, prefix }) => {
          const one =
            typeof own === "number"
              ? ({ version: 4, address: own, prefix } as const)
              : ({ version: 6, address: own, prefix } as const);
          return containsAddress(one, address);
        });
        expect(found?.prefix).toBe(
          all.length === 0 ? undefined : Math.max(...all.map(({ prefix }) => prefix)),
        );
        if (found !== undefined) expect(containsAddress(found, address)).toBe(true);
      }),
    );
  });
});
