import { describe, expect, it } from "vitest";
import { Formats } from "../../../shared/ui/formats.ts";

describe("formats", () => {
  const formats = new Formats("en");

  it.each([
    [0, "0 B"],
    [999, "999 B"],
    [1_000, "1 kB"],
    [999_499, "999 kB"],
    [999_600, "1 MB"],
    [13_700_000, "13.7 MB"],
    [1_004_000_000, "1 GB"],
    [7e18, "7000000 TB"],
  ])("writes %d bytes as %s", (bytes, text) => {
    expect(formats.bytes(bytes)).toBe(text);
  });

  it("writes rates in bits, which is how links are named", () => {
    expect(formats.rate(125_000_000)).toBe("1 Gbit/s");
  });

  it.each([
    [0.04, "0 ms"],
    [4.62, "4.6 ms"],
    [31.2, "31 ms"],
    [1_250, "1,250 ms"],
  ])("writes %d milliseconds as %s", (value, text) => {
    expect(formats.milliseconds(value)).toBe(text);
  });

  it.each([
    [9.9, "9 sec"],
    [180, "3 min"],
    [86_400, "1 day"],
  ])("writes %d seconds as %s", (seconds, text) => {
    expect(formats.duration(seconds)).toBe(text);
  });

  it("says how far off a time is, in the past and in the future", () => {
    const now = Date.parse("2026-03-02T12:00:00Z");
    const relative = (iso: string) => formats.relative(iso, now);
    expect(relative("2026-03-02T12:00:30Z")).toBe("this minute");
    expect(relative("2026-03-02T11:58:10Z")).toBe("1 minute ago");
    expect(relative("2026-03-02T06:00:00Z")).toBe("6 hours ago");
    expect(relative("2026-02-27T12:00:00Z")).toBe("3 days ago");
    expect(relative("2026-03-04T12:00:00Z")).toBe("in 2 days");
    expect(new Formats("zh-CN").relative("2026-03-02T06:00:00Z", now)).toBe("6小时前");
  });
});
