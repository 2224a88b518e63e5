import { describe, expect, it } from "vitest";
import { StormGuard, type StormLimits } from "../../../../shared/switch/guards/storm-guard.ts";
import type { Notice } from "../../../../shared/switch/notice.ts";
import { KeepingPort } from "../ports.ts";

function lab(limits: Partial<StormLimits>) {
  const notices: Notice[] = [];
  const all = { broadcast: undefined, multicast: undefined, unknown: undefined, ...limits };
  const guard = new StormGuard(all, (notice) => notices.push(notice));
  return { guard, notices, port: new KeepingPort("noisy"), other: new KeepingPort("quiet") };
}

describe("the storm guard", () => {
  it("lets each port send its limit of each kind, with a tenth of it at once", () => {
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

  it("says which limit it was", () => {
    const { guard, port } = lab({ broadcast: 0, multicast: 0, unknown: 0 });
    expect([
      guard.check(port, "broadcast", 0),
      guard.check(port, "multicast", 0),
      guard.check(port, "unknown", 0),
    ]).toEqual(["storm-broadcast", "storm-multicast", "storm-unknown"]);
  });

  it("knows no bounds where none are set", () => {
    const { guard, port } = lab({ broadcast: 1 });
    for (let i = 0; i < 1_000; i++) expect(guard.check(port, "multicast", 0)).toBeUndefined();
  });

  it("lets a trickle through where less than one in a second is allowed", () => {
    const { guard, port } = lab({ broadcast: 0.5 });
    expect([0, 1, 2, 3, 4].map((now) => guard.check(port, "broadcast", now) === undefined)).toEqual([
      ...[true, false, true, false, true],
    ]);
  });

  it("counts what a super-frame stands for", () => {
    const { guard, port } = lab({ multicast: 100 });
    expect(guard.check(port, "multicast", 0, 45)).toBeUndefined();
    expect(guard.check(port, "multicast", 0.3)).toBe("storm-multicast");
    expect(guard.check(port, "multicast", 0.4)).toBeUndefined();
  });

  it("says with figures who storms, once a minute", () => {
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

  it("starts afresh with a port that comes back", () => {
    const { guard, port } = lab({ broadcast: 1 });
    expect(guard.check(port, "broadcast", 0)).toBeUndefined();
    expect(guard.check(port, "broadcast", 0)).toBe("storm-broadcast");
    guard.detach(port);
    expect(guard.check(port, "broadcast", 0)).toBeUndefined();
  });
});
