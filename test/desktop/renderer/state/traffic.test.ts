import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { latest, SAMPLES, TrafficHistory } from "../../../../desktop/renderer/state/traffic.ts";

describe("the history of traffic", () => {
  it("turns counters into rates", () => {
    const history = new TrafficHistory();
    history.count("lan", { at: 10, rx: 5_000, tx: 100 });
    expect(history.of("lan").value.times).toEqual([]);
    history.count("lan", { at: 12, rx: 9_000, tx: 300 });
    expect(history.of("lan").value).toEqual({ times: [12], rx: [2_000], tx: [100] });
    expect(latest(history.of("lan").value)).toEqual({ rx: 2_000, tx: 100 });
  });

  it("restarts when the counters do", () => {
    const history = new TrafficHistory();
    history.count("lan", { at: 1, rx: 5_000, tx: 5_000 });
    history.count("lan", { at: 2, rx: 10, tx: 6_000 });
    history.count("lan", { at: 3, rx: 20, tx: 7_000 });
    expect(history.of("lan").value).toMatchObject({ rx: [0, 10], tx: [1_000, 1_000] });
  });

  it("continues at zero without reports, and not before", () => {
    const history = new TrafficHistory();
    history.count("lan", { at: 1, rx: 0, tx: 0 });
    history.count("lan", { at: 2, rx: 800, tx: 0 });
    history.tick(3);
    expect(history.of("lan").value.times).toEqual([2]);
    history.tick(4);
    expect(history.of("lan").value).toMatchObject({ times: [2, 4], rx: [800, 0] });
  });

  it("never draws negative rates, time going back, or more than it keeps, for any input", () => {
    const told = fc.record({ at: fc.nat(400), rx: fc.nat(), tx: fc.nat() });
    fc.assert(
      fc.property(fc.array(told, { maxLength: 300 }), (list) => {
        const history = new TrafficHistory();
        for (const counters of list) history.count("lan", counters);
        const { times, rx, tx } = history.of("lan").value;
        expect(times.length).toBeLessThanOrEqual(SAMPLES);
        expect([rx.length, tx.length]).toEqual([times.length, times.length]);
        expect([...rx, ...tx].every((rate) => rate >= 0 && Number.isFinite(rate))).toBe(true);
        expect(times).toEqual([...new Set(times)].sort((one, other) => one - other));
      }),
    );
  });
});
