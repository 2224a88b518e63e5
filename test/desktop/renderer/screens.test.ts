// Every screen in every theme and language: axe's findings, keyboard navigation, and its picture.
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Locator } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Messages } from "../../../desktop/renderer/state/locale.ts";
import { windowWords as en } from "../../../shared/ui/text/en/window.ts";
import { windowWords as zhCN } from "../../../shared/ui/text/zh-cn/window.ts";
import { requires } from "../../support/requirements.ts";
import { CONNECTED, everyday, firstRun, INVITE, NOW, type Scene, SETTINGS, step } from "./double/scene.ts";
import { smallPng } from "./small-png.ts";
import { trafficOf } from "./traffic-scene.ts";
import { type AppWindow, Windows } from "./window.ts";

/** Directory of the pictures, with LANEWAY_SCREENSHOTS set; they are part of the documentation. */
const PICTURES = join(import.meta.dirname, "../../../docs/screenshots");
const PICTURE_BYTES = 60 * 1024;
/** Maximum height of a picture, in pixels. */
const TALLEST = 1_150;

type Language = "en" | "zh-CN";
type Theme = "light" | "dark";

const messages: Readonly<Record<Language, Messages>> = { en, "zh-CN": zhCN };
const looks = (["en", "zh-CN"] as const).flatMap((language) =>
  (["light", "dark"] as const).map((theme) => ({ language, theme })),
);

/** A screen: its scene, and how to open and fill it. */
interface Shown {
  readonly name: string;
  readonly scene: Scene;
  readonly prepare: (window: AppWindow) => Promise<unknown>;
}

const press = ({ page }: AppWindow, name: string | RegExp) => page.getByRole("button", { name }).click();

const shown: readonly Shown[] = [
  {
    name: "service",
    scene: firstRun({ ...CONNECTED, state: "absent" }),
    prepare: async () => {},
  },
  { name: "first-run", scene: firstRun(), prepare: async () => {} },
  {
    name: "join",
    scene: everyday(),
    prepare: async (window) => {
      await window.refuse("join", {
        code: "invite.expired",
        message: "the invite has expired",
        hint: "Ask.",
      });
      await window.emit("app.link", { link: INVITE });
      await press(window, "Join");
      await window.page.getByRole("alert").waitFor();
    },
  },
  {
    name: "networks",
    scene: everyday(),
    prepare: async (window) => {
      await window.emit("traffic", ...trafficOf("n-lan"));
      await window.page.locator(".spark canvas").first().waitFor();
    },
  },
  {
    name: "network",
    scene: everyday(),
    prepare: async (window) => {
      await press(window, "Open lan");
      await window.page.getByRole("row").filter({ hasText: "bench-12" }).waitFor();
      const now = process.env["LANEWAY_SCREENSHOTS"] ? await talk(window) : undefined;
      await window.emit("traffic", ...trafficOf("n-lan", now));
      await window.page.locator(".plot canvas").waitFor();
    },
  },
  {
    name: "leave",
    scene: everyday(),
    prepare: async (window) => {
      await press(window, "Open archive");
      await press(window, "Leave network");
      await window.page.getByRole("dialog").waitFor();
    },
  },
  {
    name: "topology",
    scene: everyday(),
    prepare: async (window) => {
      await window.show("Topology");
      await window.page.getByRole("row").filter({ hasText: "bench-12" }).waitFor();
    },
  },
  { name: "diagnostics", scene: everyday(), prepare: diagnose },
  {
    name: "capture",
    scene: everyday(),
    prepare: async (window) => {
      await window.show("Capture");
      await press(window, "Choose file and start");
      await window.page.getByText("Capturing").waitFor();
      const file = "/home/anna/lan.pcapng";
      await window.emit("app.capture", {
        job: "job-1",
        state: "running",
        file,
        packets: 18_204,
        bytes: 9_412_000,
      });
    },
  },
  { name: "logs", scene: everyday(), prepare: (window) => window.show("Logs") },
  {
    name: "administration",
    scene: everyday(),
    prepare: async (window) => {
      await window.show("Create and invite");
      await press(window, "New invite");
      await window.page.getByText(INVITE).waitFor();
    },
  },
  { name: "settings", scene: everyday(), prepare: (window) => window.show("Settings") },
  {
    name: "read-only",
    scene: withAgent(everyday(), { may_change: false }),
    prepare: (window) => press(window, "Open lan"),
  },
];

function withAgent(scene: Scene, agent: Partial<Scene["app"]["agent"]>): Scene {
  return { ...scene, app: { ...scene.app, agent: { ...scene.app.agent, ...agent } } };
}

/** Increases the members' counters for a while; returns the end time. */
async function talk(window: AppWindow): Promise<number> {
  const peers = (everyday().peers["n-lan"] ?? []).filter(({ rx_bytes }) => rx_bytes !== null);
  let now = Date.parse(NOW);
  for (let look = 1; look <= 26; look += 1) {
    now += 4_000;
    await window.page.clock.setFixedTime(now);
    const counted = peers.map((peer, index) => {
      const rx_bytes = 90_000 * (look * (index + 2) + 3 * Math.sin(look / 2 + index));
      return { id: "n-lan", peer: { ...peer, rx_bytes, tx_bytes: rx_bytes / 6 } };
    });
    await window.emit("peer", ...counted);
  }
  return now;
}

async function diagnose(window: AppWindow): Promise<void> {
  await window.show("Diagnostics");
  await press(window, "Run checks");
  await press(window, "Start: Throughput");
  await press(window, "Start: Path MTU");
  await window.page.getByRole("button", { name: "Cancel: Path MTU" }).waitFor();
  const doctor = [
    step("tap", "pass", { detail: "/dev/net/tun can be opened" }),
    step("dns", "pass", { detail: "relay.example.org is 192.0.2.18", value: 6.2, unit: "ms" }),
    step("reach", "pass", { detail: "port 443 answers", value: 17.9, unit: "ms" }),
    step("tls", "fail", {
      detail: "the certificate ends in 3 days",
      hint: "Ask the relay's operator to renew it.",
    }),
    step("websocket", "pass", { detail: "no proxy on the way" }),
    step("auth", "skipped"),
    step("mtu", "running", { progress: 0.4 }),
  ];
  await window.emit("progress", ...doctor.map((one) => ({ job: "job-1", step: one })));
  const throughput = step("throughput", "pass", {
    value: 412_000_000,
    unit: "bit/s",
    detail: "10 s, no loss",
  });
  await window.emit("progress", { job: "job-2", step: throughput });
  await window.emit("done", { job: "job-2", outcome: "ok", error: null });
  await window.emit("progress", { job: "job-3", step: step("path-mtu", "running", { progress: 0.6 }) });
}

describe.runIf(requires("chromium"))("every screen", () => {
  let windows: Windows;
  beforeAll(async () => {
    windows = await Windows.start();
  });
  afterAll(() => windows?.[Symbol.asyncDispose]());

  it.each(shown)(
    "$name has nothing for axe to find, in any theme and language",
    async ({ name, scene, prepare }) => {
      await using window = await windows.open(scene, { audited: true });
      await prepare(window);
      for (const { language, theme } of looks) {
        await window.emit("app.settings", { ...SETTINGS, language, theme });
        await window.page.locator(`html[lang="${language}"][data-theme="${theme}"]`).waitFor();
        // The themes differ only in colours.
        expect(
          await window.violations({ coloursAlone: theme === "dark" }),
          `${name}, ${language}, ${theme}`,
        ).toEqual([]);
        await picture(window, name, language, theme);
      }
      expect(window.complaints).toEqual([]);
    },
  );

  it.each(["en", "zh-CN"] as const)("can be used by keyboard alone (%s)", async (language) => {
    await using window = await windows.open(everyday());
    await window.emit("app.settings", { ...SETTINGS, language });
    const t = messages[language];
    const { page } = window;
    const focused = page.locator(":focus");
    const name = () => focused.evaluate((it) => it.getAttribute("aria-label") ?? it.textContent);
    async function tabTo(target: Locator): Promise<void> {
      for (let presses = 0; presses < 60; presses += 1) {
        await page.keyboard.press("Tab");
        if (await target.evaluate((it) => it.matches(":focus"))) return;
      }
      throw new Error("the keyboard does not get there");
    }
    await page.keyboard.press("Tab");
    expect(await name()).toBe(t.app.skip);
    for (const screen of Object.values(t.screens)) {
      await page.keyboard.press("Tab");
      expect(await name()).toBe(screen);
      // A keyboard user must see the focus.
      expect(await focused.evaluate((it) => it.matches(":focus-visible"))).toBe(true);
    }
    const button = (words: string) => page.getByRole("button", { name: words, exact: true });
    await tabTo(button(t.networks.open("archive")));
    await tabTo(page.getByRole("switch", { name: t.networks.turn("archive") }));
    await page.keyboard.press("Space");
    await expect.poll(() => window.calls("up"), { timeout: 20_000 }).toHaveLength(1);
    await tabTo(button(t.networks.open("lan")));
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "lan", level: 1 }).waitFor();
    expect(await name()).toBe("lan");
    await tabTo(button(t.network.wakeWho("build-server")));
    await tabTo(button(t.network.leave));
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").waitFor();
    expect(await name()).toBe(t.common.cancel);
    await page.keyboard.press("Escape");
    await expect.poll(name, { timeout: 20_000 }).toBe(t.network.leave);
  });

  it("is as good to read in a narrow window", async () => {
    await using window = await windows.open(everyday(), { audited: true });
    await window.page.setViewportSize({ width: 600, height: 700 });
    await press(window, "Open lan");
    await window.page.getByRole("row").filter({ hasText: "bench-12" }).waitFor();
    expect(await window.violations()).toEqual([]);
    const fits = "document.documentElement.scrollWidth <= innerWidth";
    expect(await window.page.evaluate(fits)).toBe(true);
  });
});

/**
 * Takes the picture of a screen if pictures are wanted. In Chinese only some, because its letters need their own font.
 */
async function picture({ page }: AppWindow, name: string, language: Language, theme: Theme): Promise<void> {
  if (!process.env["LANEWAY_SCREENSHOTS"] || name === "read-only") return;
  const wanted = language === "en" && (theme === "light" || name === "network" || name === "topology");
  if (!wanted && !(language === "zh-CN" && theme === "light" && name === "networks")) return;
  await mkdir(PICTURES, { recursive: true });
  const suffix = `${theme === "dark" ? "-dark" : ""}${language === "en" ? "" : "-zh-cn"}`;
  const path = join(PICTURES, `${name}${suffix}.png`);
  const needed = Number(await page.evaluate("document.getElementById('content').scrollHeight"));
  const { width, height } = page.viewportSize() ?? { width: 1_060, height: 720 };
  await page.setViewportSize({ width, height: Math.min(Math.max(height, needed), TALLEST) });
  const png = smallPng(await page.screenshot());
  expect(png.length, path).toBeLessThan(PICTURE_BYTES);
  await writeFile(path, png);
}
