import { expect, it } from "vitest";
import { firstSubnet } from "../../../relay/first-start/subnet.ts";

const SUBNET = /^10\.(\d+)\.\d+\.0\/24$/;

it("is a /24 of 10.128.0.0/9, another for each relay", () => {
  const subnets = Array.from({ length: 50 }, () => firstSubnet(["192.0.2.1/24", "fe80::1/64"]));
  for (const subnet of subnets) expect(Number(SUBNET.exec(subnet)?.[1])).toBeGreaterThanOrEqual(128);
  expect(new Set(subnets).size).toBeGreaterThan(40);
});

it("is none that the machine has, whichever of the two is larger", () => {
  // All of 10.128.0.0/9 but 10.192.0.0/10; of that, every second /24 by its first address.
  const own = ["10.128.0.1/10", ...Array.from({ length: 32 }, (_, i) => `10.${192 + 2 * i}.0.1/16`)];
  for (let i = 0; i < 50; i++) {
    const second = Number(SUBNET.exec(firstSubnet(own))?.[1]);
    expect(second).toBeGreaterThanOrEqual(192);
    expect(second % 2).toBe(1);
  }
  const narrow = Array.from({ length: 255 }, (_, i) => `10.${128 + (i >> 1)}.7.9/32`);
  for (let i = 0; i < 200; i++) expect(firstSubnet(narrow)).not.toMatch(/^10\.\d+\.7\.0/);
});
