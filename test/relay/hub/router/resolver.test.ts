import { expect, it } from "vitest";
import { ROUTER_LIMITS } from "../../../../relay/hub/router/limits.ts";
import { Resolver } from "../../../../relay/hub/router/resolver.ts";
import { Budget } from "../../../../shared/switch/budget.ts";

function lab(limit: number) {
  const tenant = new Budget(limit);
  const failed: string[] = [];
  const make = () => {
    const budget = new Budget(Number.POSITIVE_INFINITY, [tenant]);
    return new Resolver<string>({ budget, ask: () => {}, failed: (packet) => void failed.push(packet) });
  };
  return { tenant, failed, one: make(), other: make() };
}

it("limits the bytes that wait in all routers of a tenant", () => {
  const { tenant, one, other } = lab(1_000);
  expect([one.wait(1, "a", 600, 0), other.wait(1, "b", 600, 0), other.wait(1, "c", 400, 0)]).toEqual([
    true,
    false,
    true,
  ]);
  expect(tenant.used).toBe(1_000);
  expect(one.take(1)).toEqual(["a"]);
  expect([tenant.used, one.take(1)]).toEqual([400, []]);
  expect(one.wait(2, "d", 600, 0)).toBe(true);
});

it("returns packets whose address is not found", () => {
  const { tenant, one, failed } = lab(1_000);
  one.wait(1, "a", 600, 0);
  for (let now = 1; now <= ROUTER_LIMITS.questions; now++) one.tick(now);
  expect([failed, tenant.used]).toEqual([["a"], 0]);
});
