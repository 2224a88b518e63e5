import { describe, expect, it } from "vitest";
import { en } from "../../../../desktop/renderer/i18n/en.ts";
import { Formats } from "../../../../desktop/renderer/i18n/formats.ts";
import { zhCN } from "../../../../desktop/renderer/i18n/zh-cn.ts";
import { localeOf } from "../../../../desktop/renderer/state/locale.ts";

/** Returns all texts with their keys; gaps are filled with a value that fits both a name and a number. */
function wordsOf(catalogue: object, path = ""): [string, string][] {
  return Object.entries(catalogue).flatMap(([key, value]: [string, unknown]) => {
    const at = `${path}${key}`;
    if (typeof value === "string") return [[at, value]];
    if (typeof value === "function") return [[at, String(value("7", "8"))]];
    return wordsOf(value as object, `${at}.`);
  });
}

/** Texts that are the same in both languages: names, abbreviations, examples. */
const SAME = new Set([
  "service.startCommand",
  "network.mtu",
  "network.vni",
  "diagnostics.steps.mtu",
  "administration.relayHint",
  "settings.languages.en",
  "settings.languages.zh-CN",
]);

describe("the catalogues", () => {
  it("have a Chinese text for every English one", () => {
    const chinese = new Map(wordsOf(zhCN));
    for (const [key, words] of wordsOf(en)) {
      if (SAME.has(key)) expect(chinese.get(key), key).toBe(words);
      else if (!/^[\d\s/:–-]*$/.test(chinese.get(key) ?? ""))
        expect(chinese.get(key), key).toMatch(/\p{Script=Han}|^7：8$/u);
    }
  });

  it("fill the gaps of a sentence in both", () => {
    for (const catalogue of [en, zhCN]) {
      expect(catalogue.administration.created("office", 102)).toMatch(/office.*102/);
      expect(catalogue.networks.members(3)).toContain("3");
    }
    expect([en.networks.members(1), en.networks.members(2)]).toEqual(["1 other online", "2 others online"]);
  });

  it("are chosen by the setting, or by the system's language", () => {
    expect(localeOf("system", "zh-Hans-CN").language).toBe("zh-CN");
    expect(localeOf("system", "de-DE").language).toBe("en");
    expect(localeOf("en", "zh-CN").language).toBe("en");
  });
});

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

  it("writes rates in bits, like links", () => {
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

  it("says how long ago something was, and shows the future as now", () => {
    const now = Date.parse("2026-03-02T12:00:00Z");
    const ago = (iso: string) => formats.ago(iso, now);
    expect(ago("2026-03-02T12:00:30Z")).toBe("this minute");
    expect(ago("2026-03-02T11:58:10Z")).toBe("1 minute ago");
    expect(ago("2026-03-02T06:00:00Z")).toBe("6 hours ago");
    expect(ago("2026-02-27T12:00:00Z")).toBe("3 days ago");
    expect(new Formats("zh-CN").ago("2026-03-02T06:00:00Z", now)).toBe("6小时前");
  });
});
