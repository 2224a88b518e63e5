// The app's defences against a page under an attacker's control: this test plays the page, in a real Chromium.
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { requires } from "../../support/requirements.ts";
import { AppBuild } from "./app-build.ts";
import { AppUser } from "./launch.ts";

type Bridge = {
  call(
    method: unknown,
    params: unknown,
  ): Promise<{ ok: boolean; result?: unknown; error?: { code: string } }>;
};
declare const window: { laneway: Bridge } & Record<string, unknown>;

describe.runIf(requires("chromium"))("the desktop app's window", () => {
  let build: AppBuild;
  let user: AppUser;
  let page: Page;

  beforeAll(async () => {
    build = await AppBuild.make();
    user = await AppUser.launch({ app: build.folder });
    page = await user.page();
  });

  afterAll(async () => {
    await user?.[Symbol.asyncDispose]();
    await build?.[Symbol.asyncDispose]();
  });

  const callOf = (method: unknown, params: unknown) =>
    page.evaluate(([name, given]) => window.laneway.call(name, given), [method, params] as const);

  it("has only a call and a listener of the app, both frozen, and nothing of Node or Electron", async () => {
    const found = await page.evaluate(() => {
      try {
        window.laneway.call = async () => ({ ok: true });
      } catch {
        // Frozen, and this module is strict.
      }
      return {
        keys: Object.keys(window.laneway),
        frozen: Object.isFrozen(window.laneway),
        leaks: ["require", "module", "process", "Buffer", "electron", "ipcRenderer"].filter(
          (name) => name in window,
        ),
        secure: window["isSecureContext"],
      };
    });
    expect(found).toEqual({ keys: ["call", "on"], frozen: true, leaks: [], secure: true });
  });

  it("can call the schema's methods, and gets an error for all else", async () => {
    expect(await callOf("app.state", {})).toMatchObject({ ok: true, result: { platform: "linux" } });
    for (const method of ["no.such", "constructor", "__proto__", "hello", "subscribe", "capture.start", 7]) {
      expect(await callOf(method, {}), String(method)).toMatchObject({
        ok: false,
        error: { code: "agent.unknown-method" },
      });
    }
    for (const params of [{ page: "https://evil.example/" }, { page: "issues", more: 1 }, null, "issues"]) {
      expect(await callOf("app.open", params)).toMatchObject({
        ok: false,
        error: { code: "agent.invalid-params" },
      });
    }
    expect(await callOf("app.settings.set", { theme: "pink" })).toMatchObject({ ok: false });
  });

  it("opens pages of the exact list in the user's browser, and no other", async () => {
    expect(await callOf("app.open", { page: "issues" })).toEqual({ ok: true, result: {} });
    expect((await user.desktop()).opened).toEqual(["https://laneway.example/issues"]);
  });

  it("can only run its own files, and reach no server", async () => {
    const found = await page.evaluate(async () => {
      const tries: Record<string, string> = {};
      const attempt = async (name: string, act: () => unknown) => {
        try {
          tries[name] = `worked: ${String(await act())}`;
        } catch (error) {
          tries[name] = error instanceof Error ? error.name : "refused";
        }
      };
      const doc = window["document"] as unknown as {
        body: { innerHTML: string; append(node: unknown): void };
        createElement(name: string): { src: string; text: string; textContent: string };
      };
      await attempt("markup from text", () => {
        doc.body.innerHTML = "<img>";
      });
      await attempt("script from text", () => {
        doc.createElement("script").text = "1";
      });
      await attempt("connection", () => fetch("https://example.org/"));
      await attempt("own file", () => fetch("./index.html"));
      return tries;
    });
    expect(found).toEqual({
      "markup from text": "TypeError",
      "script from text": "TypeError",
      connection: "TypeError",
      "own file": "TypeError",
    });
  });

  it("gets no permission for any request", async () => {
    const states = await page.evaluate(async () => {
      const { permissions } = window["navigator"] as unknown as {
        permissions: { query(given: { name: string }): Promise<{ state: string }> };
      };
      const names = ["geolocation", "notifications", "camera", "microphone", "clipboard-read", "midi"];
      return Promise.all(names.map(async (name) => (await permissions.query({ name })).state));
    });
    expect(new Set(states)).toEqual(new Set(["denied"]));
  });

  it("can't navigate or open windows", async () => {
    const before = page.url();
    for (const target of ["https://example.org/away", "./index.html?again"]) {
      await page.evaluate((to) => {
        (window["location"] as unknown as { href: string }).href = to;
      }, target);
    }
    await page.evaluate(() => {
      (window["open"] as unknown as (url: string) => unknown)("https://example.org/opened");
    });
    const { tried, refused } = await user.until(async () => {
      const desktop = await user.desktop();
      return desktop.tried.length > 0 && desktop.refused.length >= 2 && desktop;
    });
    expect(tried).toEqual(["https://example.org/opened"]);
    expect(refused).toContain("https://example.org/away");
    expect(refused).toContain("app://laneway/index.html?again");
    expect(page.url()).toBe(before);
    expect(await callOf("app.state", {})).toMatchObject({ ok: true });
  });
});
