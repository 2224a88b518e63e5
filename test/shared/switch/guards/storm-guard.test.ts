import { describe, expect, it } from "vitest";
import { StormGuard, type StormLimits } from "../../../../shared/switch/guards/storm-guard.ts";
import type { SegmentNotice } from "../../../../shared/switch/notice.ts";
import { KeepingPort } from "../ports.ts";

function lab(limits: Partial<StormLimits>) {
  const notices: SegmentNotice[] = [];
  const all = { broadcast: undefined, multicast: undefined, unknown: undefined, ...limits };
  const guard = new StormGuard(all, (notice) => notices.push(notice));
  return { guard, notices, port: new KeepingPort("noisy"), other: new KeepingPort("quiet") };
}

describe("the storm guard", () => {
  it("lets each port send its limit of each kind, a tenth of it at once", () => {
    const { guard, port, other } = lab({ broadcast: 1_000, multicast: 200, unknown: 5 });
    let passed = 0;
    for (let i = 0; i < 100_000; i++) {
      if (guard.check(port, "broadcast", 7 + i / 100_000) === undefined) passed++;
    }
    expect(passed).toBeGreaterThanOrEqual(1_099);
    expect(passed).toBeLessThanOrEqual(1_100);
    const burst = (kind: "multicast" | "unknown") =>
      new Array(50).fill(0).filter(() => guard.check(port, kind, 8) === undefined).length;
    expect([burst("multicast"), burst("unknown")]).toEqual([20, 5]);
    expect(guard.check(other, "broadcast", 8)).toBeUndefined();
  });

  it("names the exceeded limit", () => {
    const { guard, port } = lab({ broadcast: 0, multicast: 0, unknown: 0 });
    expect([
      guard.check(port, "broadcast", 0),
      guard.check(port, "multicast", 0),
      guard.check(port, "unknown", 0),
    ]).toEqual(["storm-broadcast", "storm-multicast", "storm-unknown"]);
  });

  it("is unlimited by default", () => {
    const { guard, port } = lab({ broadcast: 1 });
    for (let i = 0; i < 1_000; i++) expect(guard.check(port, "multicast", 0)).toBeUndefined();
  });

  it("lets some packets pass at a limit below one a second", () => {
    const { guard, port } = lab({ broadcast: 0.5 });
    expect([0, 1, 2, 3, 4].map((now) => guard.check(port, "broadcast", now) === undefined)).toEqual([
      ...[true, false, true, false, true],
    ]);
  });

  it("counts the packets of a super-frame", () => {
    const { guard, port } = lab({ multicast: 100 });
    expect(guard.check(port, "multicast", 0, 45)).toBeUndefined();
    expect(guard.check(port, "multicast", 0.3)).toBe("storm-multicast");
    expect(guard.check(port, "multicast", 0.4)).toBeUndefined();
  });

  it("reports the port and its figures once a minute", () => {
    const { guard, notices, port, other } = lab({ broadcast: 10, unknown: 20 });
    guard.tick(0);
    for (let second = 1; second <= 62; second++) {
      for (let i = 0; i < 30; i++) guard.check(port, "broadcast", second);
      for (let i = 0; i < 5; i++) guard.check(other, "broadcast", second);
      guard.tick(second);
    }
    expect(notices.map(({ code, ports }) => [code, ports])).toEqual([
      ["storm", [port]],
      ["storm", [port]],
    ]);
    expect(notices[0]?.message).toMatch(/^In 1\.0 s noisy sent 20 broadcasts over its limit of 10\/s; /);
  });

  it("starts anew with a port that returns", () => {
    const { guard, port } = lab({ broadcast: 1 });
    expect(guard.check(port, "broadcast", 0)).toBeUndefined();
    expect(guard.check(port, "broadcast", 0)).toBe("storm-broadcast");
    guard.detach(port);
    expect(guard.check(port, "broadcast", 0)).toBeUndefined();
  });
});
