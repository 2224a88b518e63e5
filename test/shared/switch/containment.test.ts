import { beforeEach, describe, expect, it } from "vitest";
import { type Contained, Containment, REPORT_SECONDS } from "../../../shared/switch/containment.ts";
import { DropCounter } from "../../../shared/switch/drops.ts";

const error = new RangeError("fragment offset 8191");

describe("containment", () => {
  let now: number;
  let drops: DropCounter;
  let reports: Contained[];
  let containment: Containment;

  beforeEach(() => {
    now = 0;
    drops = new DropCounter();
    reports = [];
    containment = new Containment({
      at: "port",
      vni: 101,
      drops,
      report: (contained) => reports.push(contained),
      clock: () => now,
    });
  });

  it("counts every error, also as a drop", () => {
    for (let i = 0; i < 5; i++) containment.caught(error);
    expect(containment.total).toBe(5);
    expect(drops.toJSON()).toEqual({ "internal-error": 5 });
  });

  it("reports the place and the number of errors, once a minute", () => {
    for (let i = 0; i < 5; i++) containment.caught(error);
    now = REPORT_SECONDS - 0.1;
    containment.caught(error);
    expect(reports).toEqual([{ error, at: "port", vni: 101, count: 1 }]);
    now = REPORT_SECONDS;
    containment.caught(error);
    expect(reports.slice(1)).toEqual([{ error, at: "port", vni: 101, count: 6 }]);
  });

  it("returns whether the work succeeded", () => {
    expect(containment.run(() => {})).toBe(true);
    expect(
      containment.run(() => {
        throw error;
      }),
    ).toBe(false);
    expect(containment.total).toBe(1);
  });

  it("can be handed to a promise", async () => {
    await Promise.reject(error).catch(containment.caught);
    expect(containment.total).toBe(1);
  });

  it("survives a report and a clock that throw", () => {
    const fail = () => {
      throw error;
    };
    const failing = [
      new Containment({ at: "port", report: fail, clock: () => 0 }),
      new Containment({ at: "port", report: () => {}, clock: fail }),
    ];
    for (const one of failing) one.caught(error);
    expect(failing.map(({ total }) => total)).toEqual([1, 1]);
  });

  it("only counts without a report", () => {
    const silent = new Containment({ at: "port", clock: () => 0 });
    expect(silent.run(() => silent.caught(error))).toBe(true);
    expect(silent.total).toBe(1);
  });
});
