import { describe, expect, it } from "vitest";
import { QueueBudget } from "../../../shared/tunnel/queue-budget.ts";

const MIB = 1024 * 1024;

/** Grows each of the queues to its limit, in turn, until none grows any more. */
function fill(budget: QueueBudget, queues: number[], step: number, most: number): void {
  for (let grown = true; grown; ) {
    grown = false;
    for (const [i, held] of queues.entries()) {
      if (held + step > Math.min(most, budget.share)) continue;
      queues[i] = held + step;
      budget.add(step);
      grown = true;
    }
  }
}

describe("a budget of queues", () => {
  it("gives a few queues their full limits", () => {
    const budget = new QueueBudget(() => 64 * MIB);
    const queues = new Array<number>(8).fill(0);
    fill(budget, queues, 4_096, 1.5 * MIB);
    expect(queues.every((held) => held > 1.49 * MIB)).toBe(true);
  });

  it.each([100, 1_000, 10_000])(
    "is never overdrawn by %d queues, which end up with about equal shares",
    (count) => {
      const budget = new QueueBudget(() => 64 * MIB);
      const queues = new Array<number>(count).fill(0);
      fill(budget, queues, 512, 1.5 * MIB);
      const total = queues.reduce((sum, held) => sum + held, 0);
      expect(total).toBe(budget.used);
      expect(total).toBeLessThanOrEqual(64 * MIB);
      expect(Math.max(...queues)).toBeLessThanOrEqual(8 * Math.max(512, Math.min(...queues)));
    },
  );

  it("lowers each limit as the total grows, so that the largest queues exceed it first", () => {
    const budget = new QueueBudget(() => 8_000);
    expect(budget.share).toBe(1_000);
    budget.add(4_000);
    expect(budget.share).toBe(500);
    budget.add(4_500);
    expect(budget.share).toBe(0);
    budget.add(-8_500);
    expect(budget.share).toBe(1_000);
  });

  it("is bounded by the wider budget, whichever queue uses that up", () => {
    const relay = new QueueBudget(() => 8_000);
    const [one, other] = [new QueueBudget(() => 8_000, relay), new QueueBudget(() => 8_000, relay)];
    one.add(7_200);
    expect(other.share).toBe(100);
    expect(relay.used).toBe(7_200);
  });
});
