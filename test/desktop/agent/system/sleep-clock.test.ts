import { describe, expect, it } from "vitest";
import { SleepClock } from "../../../../desktop/agent/system/sleep-clock.ts";

describe("the clock of sleep", () => {
  let monotonic = 1_000;
  let wall = 1_700_000_000_000;

  function make() {
    return new SleepClock(
      () => monotonic,
      () => wall,
    );
  }

  it("is silent while a process runs, and while the wall clock is adjusted", () => {
    const clock = make();
    for (let second = 0; second < 100; second++) {
      monotonic += 1_000;
      wall += 1_000 + (second % 2 === 0 ? 400 : -300);
      expect(clock.slept()).toBe(false);
    }
  });

  it("tells of a suspend, in which the monotonic clock stands still, once", () => {
    const clock = make();
    monotonic += 700;
    wall += 3_600_700;
    expect([clock.slept(), clock.slept()]).toEqual([true, false]);
  });

  it("tells of a stop of the process, in which both clocks go on, once", () => {
    const clock = make();
    monotonic += 30_000;
    wall += 30_000;
    expect([clock.slept(), clock.slept()]).toEqual([true, false]);
  });
});
