// The page behind an invite's link, in Chromium.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { accessProblems } from "../../support/browser/axe.ts";
import { Chromium } from "../../support/browser/chromium.ts";
import { NODE, sharedRelay } from "../../support/relay/runtimes.ts";
import { requires } from "../../support/requirements.ts";
import { OperatorPage } from "./operator-page.ts";

const SECRET = "s".repeat(43);

describe.runIf(requires("chromium"))("the page behind an invite's link", () => {
  const relay = sharedRelay(NODE);
  let chromium: Chromium | undefined;
  beforeAll(async () => {
    chromium = await Chromium.launch();
  });
  afterAll(async () => {
    await chromium?.[Symbol.asyncDispose]();
  });
  const open = async (path: string, options = {}) => {
    if (chromium === undefined) throw new Error("Chromium did not start");
    return await OperatorPage.open(chromium.browser, relay().url + path, options);
  };

  it("shows the command with the link in it, which is sent nowhere", async () => {
    const path = `/lane/join#v1.default.${SECRET}`;
    await using one = await open(path);
    const command = one.page.locator("#command");
    expect(await command.textContent()).toBe(`npx laneway join '${relay().url}${path}'`);
    expect(await one.page.getByText("paste the address").isVisible()).toBe(false);
    expect(await one.page.getByRole("alert").isVisible()).toBe(false);
    // Playwright's request object includes the fragment; the bytes on the wire do not.
    for (const url of one.requests.slice(1)) expect(url).not.toContain(SECRET);
    expect(one.complaints).toEqual([]);
  });

  it("copies the command", async () => {
    await using one = await open(`/join#v1.default.${SECRET}`, { permissions: ["clipboard-write"] });
    await one.page.getByRole("button", { name: "Copy" }).press("Enter");
    await one.page.getByRole("status").getByText("Copied").waitFor();
  });

  it.each(["", "#v1.default.short", `#v1.default.${SECRET}';rm`, `#v2.default.${SECRET}`])(
    "inserts only valid links into the command: %s",
    async (fragment) => {
      await using one = await open(`/join${fragment}`);
      await one.page.getByText("This link is not complete").waitFor();
      expect(await one.page.locator("#command").textContent()).toBe("npx laneway join 'LINK'");
      expect(await accessProblems(one.page)).toEqual([]);
    },
  );

  it("shows how to join even without scripts", async () => {
    await using one = await open(`/join#v1.default.${SECRET}`, { javaScriptEnabled: false });
    expect(await one.page.locator("#command").textContent()).toBe("npx laneway join 'LINK'");
    expect(await one.page.getByText("paste the address of this page").isVisible()).toBe(true);
    expect(await one.page.getByText("This link is not complete").isVisible()).toBe(false);
    expect(await one.page.getByRole("button").count()).toBe(0);
  });

  it.each(["en-GB", "zh-CN"])("is accessible, light and dark, in %s", async (locale) => {
    for (const colorScheme of ["light", "dark"] as const) {
      await using one = await open(`/join#v1.default.${SECRET}`, { locale, colorScheme });
      expect(await one.page.locator("html").getAttribute("lang")).toBe(locale === "zh-CN" ? "zh-Hans" : "en");
      expect(await accessProblems(one.page)).toEqual([]);
      expect(one.complaints).toEqual([]);
    }
  });
});
