import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { watchForAnswer } from "../../../../desktop/agent/tunnel/answer-watch.ts";

describe("waiting for the answer to a probe", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  function watch({ latencyMs = 0, answered = false, heard = -1 } = {}) {
    const state = { answered, heard, lateAt: undefined as number | undefined };
    const begun = performance.now();
    const end = watchForAnswer({
      latencyMs,
      isAnswered: () => state.answered,
      heardAt: () => begun + state.heard,
      late: () => {
        state.lateAt = performance.now() - begun;
      },
    });
    return { state, end };
  }

  it("takes a second and a half without an answer, and longer for a distant relay", () => {
    const near = watch();
    const far = watch({ latencyMs: 500 });
    vi.advanceTimersByTime(10_000);
    expect(near.state.lateAt).toBeLessThan(1_500);
    expect(far.state.lateAt).toBeGreaterThan(2_900);
    expect(far.state.lateAt).toBeLessThan(3_100);
  });

  it("takes twice as long if other messages come, and ends with the answer", () => {
    const { state } = watch({ heard: 700 });
    vi.advanceTimersByTime(2_000);
    expect(state.lateAt).toBeUndefined();
    state.answered = true;
    vi.advanceTimersByTime(10_000);
    expect(state.lateAt).toBeUndefined();
    expect(vi.getTimerCount()).toBe(0);
    const unanswered = watch({ heard: 700 });
    vi.advanceTimersByTime(10_000);
    expect(unanswered.state.lateAt).toBeLessThan(3_000);
  });

  it("does not count time in which the process was stopped", () => {
    const { state, end } = watch();
    vi.advanceTimersByTime(300);
    vi.setSystemTime(Date.now() + 60_000);
    vi.advanceTimersByTime(300);
    expect(state.lateAt).toBeUndefined();
    end();
    expect(vi.getTimerCount()).toBe(0);
  });
});
