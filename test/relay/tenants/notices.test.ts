import { describe, expect, it } from "vitest";
import { Notices } from "../../../relay/tenants/notices.ts";

function notice(code: string, network?: string) {
  return { code, network, message: `about ${code}`, hint: "" };
}

describe("notices", () => {
  let now = 1_000;
  const notices = new Notices(() => now);

  it("are kept once each, with a count and first and last time, the newest first", () => {
    expect(notices.add("acme", notice("limit.devices"))).toBe(true);
    now += 10;
    expect(notices.add("acme", notice("limit.macs"), 7)).toBe(true);
    now += 10;
    expect(notices.add("acme", { ...notice("limit.devices"), message: "again" })).toBe(false);
    expect(notices.of("acme")).toEqual([
      { ...notice("limit.devices"), message: "again", firstAt: 1_000, lastAt: 1_020, count: 2 },
      { ...notice("limit.macs"), firstAt: 1_010, lastAt: 1_010, count: 7 },
    ]);
  });

  it("are reported again after a minute, while they go on", () => {
    now = 1_059;
    expect(notices.add("acme", notice("limit.devices"))).toBe(false);
    now = 1_060;
    expect(notices.add("acme", notice("limit.devices"))).toBe(true);
    now = 1_061;
    expect(notices.add("acme", notice("limit.devices"))).toBe(false);
  });

  it("start again after an hour of silence", () => {
    now += 3_600;
    expect(notices.add("acme", notice("limit.devices"))).toBe(true);
    expect(notices.of("acme")[0]).toMatchObject({ firstAt: now, lastAt: now, count: 1 });
  });

  it("are separate for each network and tenant", () => {
    notices.add("umbrella", notice("storm", "lan"));
    notices.add("umbrella", notice("storm", "lab"));
    expect(notices.of("umbrella").map(({ network }) => network)).toEqual(["lab", "lan"]);
    expect(notices.of("nobody")).toEqual([]);
    notices.forget("umbrella");
    expect(notices.of("umbrella")).toEqual([]);
    expect(notices.of("acme")).toHaveLength(2);
  });

  it("are kept for a limited number of tenants, with texts of limited length", () => {
    for (let i = 0; i < 3_000; i++)
      notices.add(`tenant-${i}`, { ...notice("storm"), message: "x".repeat(9_000) });
    expect(notices.of("tenant-2999")[0]?.message).toHaveLength(512);
    expect(notices.of("tenant-0")).toEqual([]);
    let tenants = 0;
    for (let i = 0; i < 3_000; i++) tenants += notices.of(`tenant-${i}`).length;
    expect(tenants).toBe(2_000);
    notices.add("acme", notice("limit.devices"));
  });

  it("are a hundred at most, the most recent ones", () => {
    for (let i = 0; i < 250; i++) notices.add("acme", notice("storm", `net-${i}`));
    const kept = notices.of("acme");
    expect(kept).toHaveLength(100);
    expect(kept[0]?.network).toBe("net-249");
    expect(kept.at(-1)?.network).toBe("net-150");
  });
});
