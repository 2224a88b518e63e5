import { describe, expect, it } from "vitest";
import { RepairLimit } from "../../../../desktop/agent/interface/repair-limit.ts";

describe("the limit of repairs", () => {
  it("allows five of a kind at once, then five a minute, independently of other kinds", () => {
    let now = 0;
    const limit = new RepairLimit<string>(() => now);
    const take = (count: number) =>
      Array.from({ length: count }, () => limit.take("mtu")).filter(Boolean).length;
    expect(take(20)).toBe(5);
    expect(limit.isSpent("mtu")).toBe(true);
    expect(limit.take("address")).toBe(true);
    expect(limit.wait(["mtu"])).toBeCloseTo(12);
    expect(limit.wait(["mtu", "address"])).toBe(0);
    let made = 0;
    for (; now <= 120; now++) made += take(1);
    expect(made).toBe(10);
    now += 3_600;
    expect(take(20)).toBe(5);
  });
});
