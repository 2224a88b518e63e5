import { describe, expect, it } from "vitest";
import { AgentLog } from "../../../../desktop/agent/service/log.ts";

describe("the agent's log", () => {
  it("keeps the newest entries, and filters them by level and network", () => {
    const log = new AgentLog("info");
    for (let i = 0; i < 5_000; i++) log.add("info", "network.up", `${i}`, i % 2 === 0 ? "even" : "odd");
    log.add("error", "tap.gone", "gone", "odd");
    log.add("debug", "x.y", "too small to be taken");
    expect(log.entries({ limit: 2 }).map(({ message }) => message)).toEqual(["4999", "gone"]);
    expect(log.entries({ limit: 2, network: "even" }).map(({ message }) => message)).toEqual([
      "4996",
      "4998",
    ]);
    expect(log.entries({ level: "warn" }).map(({ code }) => code)).toEqual(["tap.gone"]);
    expect(log.entries({ limit: 1_000_000 }).length).toBeLessThanOrEqual(4_001);
  });

  it("keeps each entry to one line of limited length", () => {
    const log = new AgentLog("info");
    log.add("warn", "notice.loop", `two\nlines \x1b[31m${"x".repeat(5_000)}`);
    const [entry] = log.entries({});
    expect(entry?.message).toMatch(/^two lines {2}\[31mx+$/);
    expect(entry?.message.length).toBe(1_000);
  });

  it("calls its followers, until they stop", () => {
    const log = new AgentLog("info");
    const heard: string[] = [];
    const end = log.follow(({ message }) => heard.push(message));
    log.add("info", "a.b", "one");
    log.level = "error";
    log.add("info", "a.b", "two");
    end();
    log.add("error", "a.b", "three");
    expect(heard).toEqual(["one"]);
  });
});
