import fc from "fast-check";
import { expect, it } from "vitest";
import { SourceCounter, sourcesOf } from "../../../relay/arrivals/source.ts";
import { formatAddress } from "../../../shared/frame/address.ts";

it.each([
  ["192.0.2.1", ["192.0.2.1"]],
  ["2001:db8:1:2::1", ["20010db800010002/64", "20010db80001/48"]],
  ["fe80::1%eth0", ["fe80000000000000/64", "fe8000000000/48"]],
  ["", [""]],
])("counts %s for %j", (address, keys) => {
  expect(sourcesOf(address).map(({ key }) => key)).toEqual(keys);
});

it("counts all addresses of one /64 as one", () => {
  const counter = new SourceCounter(10);
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (host) => {
      const address = formatAddress((0x2001_0db8_0000_0001n << 64n) | host);
      if (counter.isFull(address)) return;
      counter.add(address);
    }),
  );
  for (let i = 0; i < 10; i++) {
    const address = `2001:db8:0:1::${i}`;
    if (!counter.isFull(address)) counter.add(address);
  }
  expect(counter.isFull("2001:db8:0:1:ffff::1")).toBe(true);
  expect(counter.isFull("2001:db8:0:2::1")).toBe(false);
  expect(counter.isFull("192.0.2.1")).toBe(false);
});

it("gives a /48 four times the limit of a /64, however many of them it uses", () => {
  const counter = new SourceCounter(10);
  let entered = 0;
  for (let i = 0; i < 1_000; i++) {
    const address = `2001:db8:7:${i.toString(16)}::1`;
    if (counter.isFull(address)) continue;
    counter.add(address);
    entered++;
  }
  expect(entered).toBe(40);
  expect(counter.isFull("2001:db8:8::1")).toBe(false);
  for (let i = 0; i < 40; i++) counter.remove(`2001:db8:7:${i.toString(16)}::1`);
  expect(counter.isFull("2001:db8:7::1")).toBe(false);
});
