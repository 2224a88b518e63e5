import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Budget, BudgetShares } from "../../../shared/switch/budget.ts";

function tree() {
  const relay = new Budget(10);
  const tenants = [new Budget(6, [relay]), new Budget(8, [relay])] as const;
  const member = new Budget(4, [tenants[0]]);
  return { relay, tenants, member };
}

describe("a budget within others", () => {
  it("takes from all of them or from none", () => {
    const { relay, tenants, member } = tree();
    expect([member.take(4), member.take()]).toEqual([true, false]);
    expect(tenants[1].take(7)).toBe(false);
    expect(tenants[1].take(6)).toBe(true);
    expect([member.used, tenants[0].used, tenants[1].used, relay.used]).toEqual([4, 4, 6, 10]);
    member.give(3);
    expect([member.used, tenants[0].used, relay.used]).toEqual([1, 1, 7]);
  });

  it("counts refusals, and its own apart from those of wider budgets", () => {
    const { relay, tenants, member } = tree();
    member.take(4);
    member.take();
    expect(member.takeRefusals()).toEqual({ own: 1, all: 1 });
    expect(tenants[0].takeRefusals()).toEqual({ own: 0, all: 1 });
    tenants[1].take(6);
    expect(tenants[1].take()).toBe(false);
    expect(tenants[1].takeRefusals()).toEqual({ own: 0, all: 1 });
    expect(relay.takeRefusals()).toEqual({ own: 1, all: 2 });
    expect(relay.takeRefusals()).toEqual({ own: 0, all: 0 });
  });

  it("moves units inside a wider one that is full", () => {
    const wide = new Budget(2);
    const [one, other] = [new Budget(2, [wide]), new Budget(2, [wide])];
    one.take(2);
    expect(other.take()).toBe(false);
    expect([other.takeFrom(one), one.used, other.used, wide.used]).toEqual([true, 1, 1, 2]);
    const narrow = new Budget(0, [wide]);
    expect([narrow.takeFrom(one), one.used, wide.used]).toEqual([false, 1, 2]);
  });

  it("uses its limit at the time of the call", () => {
    let limit = 1;
    const budget = new Budget(() => limit);
    expect([budget.take(), budget.take()]).toEqual([true, false]);
    limit = 2;
    expect(budget.take()).toBe(true);
    limit = 1;
    expect([budget.take(), budget.room]).toEqual([false, -1]);
  });

  it("always has room for its reserve, and counts the rest to the wider budget", () => {
    const wide = new Budget(5);
    const [greedy, small] = [new Budget(100, [wide], 2), new Budget(100, [wide], 2)];
    let taken = 0;
    while (greedy.take()) taken++;
    expect([taken, wide.used]).toEqual([7, 5]);
    expect([small.room, small.take(), small.take(), small.take()]).toEqual([2, true, true, false]);
    greedy.give(1);
    expect([wide.used, small.take(), wide.used]).toEqual([4, true, 5]);
    small.close();
    expect(wide.used).toBe(4);
    greedy.give(6);
    expect(wide.used).toBe(0);
  });

  it("gives everything back when it is closed, and leaves the wider budgets", () => {
    const { tenants, member } = tree();
    member.take(3);
    member.close();
    member.give(3);
    member.take(1);
    expect(tenants[0].used).toBe(0);
  });

  it("never exceeds any limit, in any sequence of calls", () => {
    const step = fc.record({
      deed: fc.constantFrom("take", "give", "move"),
      from: fc.nat(2),
      to: fc.nat(2),
      units: fc.integer({ min: 1, max: 4 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const network = new Budget(7);
        const shares = new BudgetShares<object>(4, [network]);
        const holders = [{}, {}, {}] as const;
        const held = [0, 0, 0];
        for (const { deed, from, to, units } of steps) {
          const [one, other] = [holders[from] as object, holders[to] as object];
          if (deed === "take" && shares.take(one, units)) held[from] = (held[from] ?? 0) + units;
          if (deed === "give" && (held[from] ?? 0) >= units) {
            shares.give(one, units);
            held[from] = (held[from] ?? 0) - units;
          }
          if (
            deed === "move" &&
            from !== to &&
            (held[from] ?? 0) >= units &&
            shares.move(one, other, units)
          ) {
            held[from] = (held[from] ?? 0) - units;
            held[to] = (held[to] ?? 0) + units;
          }
          expect(holders.map((holder) => shares.of(holder))).toEqual(held);
          expect(network.used).toBe(held.reduce((sum, one) => sum + one));
          expect(Math.max(...held)).toBeLessThanOrEqual(4);
          expect(network.used).toBeLessThanOrEqual(7);
        }
      }),
    );
  });
});
