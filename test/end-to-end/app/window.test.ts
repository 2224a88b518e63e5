// The app besides networks: links, tray, closing, settings. There is no agent.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { SharedChromium } from "../../support/browser/shared-chromium.ts";
import { requires } from "../../support/requirements.ts";
import { AppBuild } from "./app-build.ts";
import { AppUser, type LaunchOptions } from "./launch.ts";

const LINK = `laneway://relay.example/join#v1.default.${"A".repeat(43)}`;

interface Bridge {
  call(
    method: string,
    params: object,
  ): Promise<{ ok: boolean; result: Record<string, unknown>; error?: { code: string } }>;
  on(event: string, listener: (data: unknown) => void): () => void;
}
declare const window: { laneway: Bridge; heard: unknown[] };

describe.runIf(requires("chromium"))("the desktop app", () => {
  let build: AppBuild;
  let chromium: SharedChromium;
  let user: AppUser | undefined;

  beforeAll(async () => {
    [build, chromium] = await Promise.all([AppBuild.make(), SharedChromium.start()]);
  });

  afterEach(async () => {
    await user?.[Symbol.asyncDispose]();
    user = undefined;
  });

  afterAll(async () => {
    await chromium?.[Symbol.asyncDispose]();
    await build?.[Symbol.asyncDispose]();
  });

  const launch = async (options: Partial<LaunchOptions> = {}) => {
    user = await AppUser.launch({ app: build.folder, chromium, ...options });
    return user;
  };

  /** Calls as the window does. */
  const call = async (who: AppUser, method: string, params: object = {}) =>
    (await who.page()).evaluate(
      ([name, given]) => window.laneway.call(name, given).then(({ result }) => result),
      [method, params] as const,
    );

  it("shows itself, and tells its page, when a link is opened while it runs", async () => {
    const who = await launch({ args: ["--hidden"] });
    const page = await who.page();
    await page.evaluate(() => {
      window.heard = [];
      window.laneway.on("app.link", (data) => window.heard.push(data));
    });
    expect((await who.desktop()).window).toMatchObject({ visible: false });
    expect(await who.startAgain(["--some-flag", LINK])).toBe(0);
    await who.until(() => page.evaluate(() => window.heard.length === 1));
    expect(await page.evaluate(() => window.heard)).toEqual([{ link: LINK }]);
    expect((await who.desktop()).window).toMatchObject({ visible: true, focused: true });
    // An argument that is no invite only shows the window.
    expect(await who.startAgain(["laneway://relay.example/else"])).toBe(0);
    expect(await page.evaluate(() => window.heard.length)).toBe(1);
  });

  it("explains once what closing does to the networks, and stays in the tray or quits as chosen", async () => {
    const who = await launch();
    await who.do("closeWindow");
    const [asked] = await who.until(async () => {
      const { dialogs } = await who.desktop();
      return dialogs.length > 0 && dialogs;
    });
    expect(asked).toMatchObject({ message: "Your networks stay connected when the window closes." });
    // The dialog has no answer, so the window stays.
    expect((await who.desktop()).window).toMatchObject({ visible: true });
    await who.do("answerDialog", 0);
    await who.do("closeWindow");
    await who.until(async () => (await who.desktop()).window?.visible === false);
    expect((await who.desktop()).window).toMatchObject({ destroyed: false });
    // From the tray, and without one: the tray is never the only way in.
    await who.do("clickTray", "Open Laneway");
    expect((await who.desktop()).window).toMatchObject({ visible: true, focused: true });
    await who.do("closeWindow");
    await who.until(async () => (await who.desktop()).window?.visible === false);
    expect(await who.startAgain([])).toBe(0);
    await who.until(async () => (await who.desktop()).window?.visible === true);
    await call(who, "app.settings.set", { on_close: "quit" });
    await who.do("closeWindow");
    expect(await who.ended()).toBe(0);
  });

  it("keeps its settings, which take effect at once", async () => {
    const who = await launch({ locale: "zh-CN" });
    const file = join(who.home, ".config/autostart/laneway-desktop.desktop");
    expect((await who.desktop()).tray?.items[0]).toEqual({ label: "打开 Laneway", enabled: true });
    expect(
      await call(who, "app.settings.set", { start_at_login: true, language: "en", theme: "dark" }),
    ).toEqual({
      language: "en",
      theme: "dark",
      start_at_login: true,
      on_close: "tray",
      notifications: true,
    });
    const { tray, theme } = await who.desktop();
    expect(tray?.items[0]?.label).toBe("Open Laneway");
    expect(theme).toBe("dark");
    expect(existsSync(file)).toBe(true);
    await who.do("quit");
    expect(await who.ended()).toBe(0);
    // As the desktop starts it at login.
    await who.start(["--hidden"]);
    expect((await who.desktop()).window).toMatchObject({ visible: false });
    expect(await call(who, "app.state")).toMatchObject({ settings: { theme: "dark" }, locale: "zh-CN" });
    await call(who, "app.settings.set", { start_at_login: false });
    expect(existsSync(file)).toBe(false);
  });

  it("reports a missing agent in the window and in the tray", async () => {
    const who = await launch();
    const page = await who.page();
    await who.until(async () => (await who.desktop()).tray?.toolTip.includes("not running"));
    expect(await page.evaluate(() => window.laneway.call("status", {}))).toMatchObject({
      ok: false,
      error: { code: "agent.not-running" },
    });
    expect(await call(who, "app.state")).toMatchObject({ agent: { state: "absent", may_change: false } });
    // The next step can be copied.
    await call(who, "app.copy", { text: "sudo laneway service install" });
    expect((await who.desktop()).clipboard).toBe("sudo laneway service install");
  });
});
