import { describe, expect, it } from "vitest";
import { ControlBudget } from "../../../../relay/hub/load/control-budget.ts";

const RATES = { messages: 10, bytes: 1_000 };

describe("a control budget", () => {
  it("lets a burst through, then its number of messages per second", () => {
    let now = 0;
    const budget = new ControlBudget(RATES, () => now);
    let read = 0;
    const readAll = () => {
      for (; budget.isOpen; read++) budget.read();
    };
    readAll();
    expect(read).toBe(40);
    now += 10;
    read = 0;
    readAll();
    expect(read).toBe(40);
    now += 1;
    read = 0;
    readAll();
    expect(read).toBe(10);
  });

  it("lets a message through that exceeds the budget, and then nothing until it is paid for", () => {
    let now = 0;
    const budget = new ControlBudget(RATES, () => now);
    budget.charge(14_000);
    now = 9;
    expect(budget.isOpen).toBe(false);
    now = 10.1;
    expect(budget.isOpen).toBe(true);
    expect(budget.sent).toBe(14_000);
  });

  it("is closed while the wider budget is, and charges messages to that", () => {
    let now = 0;
    const tenant = new ControlBudget(RATES, () => now);
    const sessions = [0, 1].map(() => new ControlBudget({ messages: 100, bytes: 1e9 }, () => now, tenant));
    for (let i = 0; i < 40; i++) sessions[i % 2]?.read();
    expect(sessions.map(({ isOpen }) => isOpen)).toEqual([false, false]);
    now = 1;
    expect(sessions.map(({ isOpen }) => isOpen)).toEqual([true, true]);
  });

  it("applies new rates at once", () => {
    const budget = new ControlBudget(RATES, () => 0);
    budget.charge(1e6);
    budget.reset(RATES);
    expect(budget.isOpen).toBe(true);
  });
});
