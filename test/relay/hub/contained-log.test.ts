import { pino } from "pino";
import { describe, expect, it } from "vitest";
import { containedLog } from "../../../relay/hub/contained-log.ts";
import { Containment } from "../../../shared/switch/containment.ts";

describe("the log of what was contained", () => {
  it("says where, and stays small when sessions come and go with the same error", () => {
    const lines: string[] = [];
    let now = 0;
    const clock = () => now;
    const log = pino({ base: null, timestamp: false }, { write: (line) => lines.push(line) });
    const report = containedLog(log, clock);
    for (let id = 0; id < 10_000; id++) {
      new Containment({ at: `session-${id}`, vni: 101, report, clock }).caught(new RangeError("too much"));
    }
    expect(lines).toHaveLength(20);
    expect(JSON.parse(lines[0] ?? "")).toMatchObject({
      port: "session-0",
      vni: 101,
      count: 1,
      err: { type: "RangeError", message: "too much" },
      msg: "handling a frame failed",
    });
    now = 60;
    new Containment({ at: "later", report, clock }).caught("a string");
    expect(lines).toHaveLength(21);
  });
});
