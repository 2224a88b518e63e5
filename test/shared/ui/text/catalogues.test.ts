import { describe, expect, it } from "vitest";
import { localeOf } from "../../../../desktop/renderer/state/locale.ts";
import { joinWords } from "../../../../shared/ui/text/en/join.ts";
import { pageWords } from "../../../../shared/ui/text/en/page.ts";
import { windowWords as en } from "../../../../shared/ui/text/en/window.ts";
import { joinWords as chineseJoinWords } from "../../../../shared/ui/text/zh-cn/join.ts";
import { pageWords as chinesePageWords } from "../../../../shared/ui/text/zh-cn/page.ts";
import { windowWords as zhCN } from "../../../../shared/ui/text/zh-cn/window.ts";

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
  "id",
  "none",
  "network.port",
]);

describe("the catalogues", () => {
  it.each([
    ["the window", en, zhCN],
    ["the operator's page", pageWords, chinesePageWords],
    ["the join page", joinWords, chineseJoinWords],
  ])("have Chinese for every English word of %s", (_interface, english, translated) => {
    const chinese = new Map(wordsOf(translated));
    for (const [key, words] of wordsOf(english)) {
      const translation = chinese.get(key) ?? "";
      if (SAME.has(key)) expect(translation, key).toBe(words);
      else if (!/^[\d\s/:–-]*$/.test(translation))
        expect(translation, key).toMatch(/\p{Script=Han}|^7[：（]8|^EtherType$/u);
    }
  });

  it("fill the gaps of a sentence in both", () => {
    for (const catalogue of [en, zhCN]) {
      expect(catalogue.administration.created("office", 102)).toMatch(/office.*102/);
      expect(catalogue.networks.members(3)).toContain("3");
    }
    expect([en.networks.members(1), en.networks.members(2)]).toEqual(["1 other online", "2 others online"]);
  });

  it("are chosen by the setting, or else by the system's language", () => {
    expect(localeOf("system", "zh-Hans-CN").language).toBe("zh-CN");
    expect(localeOf("system", "de-DE").language).toBe("en");
    expect(localeOf("en", "zh-CN").language).toBe("en");
  });
});
