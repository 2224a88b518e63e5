// The built window in a real browser: its reactions to events, and its calls when it is used.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { LogEntry, Problem } from "../../../desktop/rpc/shapes.ts";
import { requires } from "../../support/requirements.ts";
import { CONNECTED, everyday, firstRun, INVITE, NOW, network, peer, step } from "./double/scene.ts";
import { trafficOf } from "./traffic-scene.ts";
import { type AppWindow, Windows } from "./window.ts";

const refused: Problem = {
  code: "tunnel.closed-4001",
  message: "https://relay.example.org/ refused the device (4001: unknown)",
  hint: "Join again with a new invite.",
};

describe.runIf(requires("chromium"))("the window", () => {
  let windows: Windows;
  beforeAll(async () => {
    windows = await Windows.start();
  });
  afterAll(() => windows?.[Symbol.asyncDispose]());

  const button = ({ page }: AppWindow, name: string | RegExp) => page.getByRole("button", { name });
  const said = ({ page }: AppWindow) => page.locator(".toast");
  async function eventually(read: () => Promise<unknown>, wanted: unknown): Promise<void> {
    await expect.poll(read, { timeout: 20_000 }).toEqual(wanted);
  }

  it("has no inline script or style, and no violation of its content security policy", async () => {
    const html = windows.text("index.html");
    expect(html).not.toMatch(/<style|style=|<script(?![^>]*\ssrc=)|\son\w+=/);
    for (const file of windows.files.filter((name) => name.endsWith(".js")))
      expect(windows.text(file)).not.toMatch(/new Function\(|\beval\(|\.innerHTML\s*=\s*["'`]/);
    await using window = await windows.open(everyday());
    await window.show("Topology");
    await window.show("Settings");
    expect(window.complaints).toEqual([]);
  });

  it("says how to start a missing service, and continues once it answers", async () => {
    await using window = await windows.open(firstRun({ ...CONNECTED, state: "absent" }));
    const { page } = window;
    await page.getByRole("heading", { name: "Start the service" }).waitFor();
    await button(window, /^Copy sudo laneway/).click();
    await eventually(() => window.calls("app.copy"), [{ text: "sudo laneway service install" }]);
    await window.emit("app.agent", CONNECTED);
    await page.getByRole("heading", { name: "Welcome to Laneway" }).waitFor();
  });

  it.each([
    ["denied", "The Laneway service can't be reached"],
    ["untrusted", "The service's socket is not trusted"],
    ["incompatible", "The app and the service don't match"],
  ] as const)("explains why it does not use a service that is %s", async (state, title) => {
    await using window = await windows.open(firstRun({ ...CONNECTED, state }));
    await window.page.getByRole("alert").getByText(title).waitFor();
    await button(window, "Try again").waitFor();
  });

  it("joins by an invite that is pasted, brings the network up, and opens it", async () => {
    await using window = await windows.open(firstRun());
    const { page } = window;
    await page.getByLabel("Invite", { exact: true }).fill(`  ${INVITE}\n`);
    await button(window, "Join").click();
    await page.getByRole("heading", { name: "lan", level: 1 }).waitFor();
    expect(await window.calls("join")).toEqual([{ link: INVITE }]);
    expect(await window.calls("up")).toEqual([{ network: "n-lan" }]);
  });

  it("reports an invalid invite without asking the service", async () => {
    await using window = await windows.open(firstRun());
    await window.page.getByLabel("Invite", { exact: true }).fill("https://relay.example.org/join");
    await button(window, "Join").click();
    await window.page.getByRole("alert").getByText("This is not an invite").waitFor();
    expect(await window.calls("join")).toEqual([]);
  });

  it("shows an invite that was opened as a link, and joins only when told to", async () => {
    await using window = await windows.open(everyday());
    await window.emit("app.link", { link: INVITE });
    await window.page.getByText("You opened an invite of https://relay.example.org").waitFor();
    expect(await window.page.getByLabel("Invite", { exact: true }).inputValue()).toBe(INVITE);
    expect(await window.calls("app.link.taken")).toHaveLength(1);
    expect(await window.calls("join")).toEqual([]);
    await button(window, "Join").click();
    await eventually(() => window.calls("join"), [{ link: INVITE }]);
  });

  it("turns networks on and off, and shows what they change to", async () => {
    await using window = await windows.open(everyday());
    const archive = window.page.getByRole("listitem").filter({ hasText: "archive" });
    await archive.getByRole("switch").click();
    await archive.getByText("Connected").waitFor();
    expect(await window.calls("up")).toEqual([{ network: "n-archive" }]);
    await said(window).getByText("archive: Connected").waitFor();
    await archive.getByRole("switch").click();
    await archive.getByText("Off", { exact: true }).waitFor();
    expect(await window.calls("down")).toEqual([{ network: "n-archive" }]);
  });

  it("explains a refusal by its code, with the next step, and the service's message on demand", async () => {
    await using window = await windows.open(everyday());
    await window.refuse("up", refused);
    const archive = window.page.getByRole("listitem").filter({ hasText: "archive" });
    await archive.getByRole("switch").click();
    const alert = archive.getByRole("alert");
    await alert.getByText("The relay no longer lets this machine in").waitFor();
    await alert.getByText("Join again with a new invite.").first().waitFor();
    expect(await alert.getByText(refused.message).isVisible()).toBe(false);
    await alert.getByText("Details").click();
    expect(await alert.getByText(refused.message).isVisible()).toBe(true);
  });

  it("shows an unknown error as it came", async () => {
    await using window = await windows.open(everyday());
    await window.refuse("up", {
      code: "relay.of-tomorrow",
      message: "the moon is full",
      hint: "Wait a week.",
    });
    await window.page.getByRole("switch", { name: "archive on this machine" }).click();
    await window.page.getByRole("alert").getByText("the moon is full Wait a week.").waitFor();
  });

  it("shows a member come, go and move, without being asked", async () => {
    await using window = await windows.open(everyday());
    await button(window, "Open lan").click();
    const rows = window.page.getByRole("table").getByRole("row");
    await eventually(() => rows.count(), 6);
    await window.emit("peer", { id: "n-lan", peer: peer("new-one", 77, { latency_ms: 7.2 }) });
    const row = rows.filter({ hasText: "new-one" });
    for (const text of ["Online", "10.20.0.77", "02:4c:57:9e:01:4d", "7.2 ms", "Relayed"])
      await row.getByText(text, { exact: true }).waitFor();
    await window.emit("peer", {
      id: "n-lan",
      peer: peer("new-one", 77, { online: false, latency_ms: null, last_seen: NOW }),
    });
    await row.getByText("Offline").waitFor();
  });

  it("copies addresses, and wakes only offline members with a known MAC", async () => {
    await using window = await windows.open(everyday());
    await button(window, "Open lan").click();
    await button(window, /^Copy Address$/).click();
    await button(window, "Copy MAC address").click();
    await eventually(
      () => window.calls("app.copy"),
      [{ text: "10.20.0.7/24" }, { text: "02:4c:57:9e:01:07" }],
    );
    await said(window).getByText("Copied").waitFor();
    expect(await button(window, /^Wake /).allInnerTexts()).toEqual(["Wake"]);
    await button(window, "Wake build-server").click();
    await said(window).getByText("Wake-on-LAN sent to build-server").waitFor();
    expect(await window.calls("wake")).toEqual([{ network: "n-lan", mac: "02:4c:57:9e:01:28" }]);
  });

  it("describes the traffic in words next to its graph", async () => {
    await using window = await windows.open(everyday());
    await button(window, "Open lan").click();
    const at = (seconds: number) => new Date(Date.parse(NOW) + seconds * 1_000).toISOString();
    const counted = { id: "n-lan", latency_ms: 18 };
    await window.emit("traffic", { at: at(-2), networks: [{ ...counted, rx_bytes: 0, tx_bytes: 0 }] });
    await window.emit("traffic", {
      at: at(0),
      networks: [{ ...counted, rx_bytes: 250_000, tx_bytes: 25_000 }],
    });
    await window.page.getByRole("img", { name: "now 1 Mbit/s received and 100 kbit/s sent" }).waitFor();
  });

  it("asks before it leaves a network, and puts the focus back where it was", async () => {
    await using window = await windows.open(everyday());
    const { page } = window;
    await button(window, "Open archive").click();
    await button(window, "Leave network").press("Enter");
    await page.getByRole("dialog", { name: "Leave archive?" }).waitFor();
    await page.keyboard.press("Escape");
    await eventually(() => button(window, "Leave network").evaluate((it) => it.matches(":focus")), true);
    expect(await window.calls("leave")).toEqual([]);
    await button(window, "Leave network").press("Enter");
    await page.getByRole("dialog").getByRole("button", { name: "Leave network" }).click();
    await page.getByRole("heading", { name: "Networks", level: 1 }).waitFor();
    expect(await window.calls("leave")).toEqual([{ network: "n-archive" }]);
    expect(await button(window, "Open archive").count()).toBe(0);
  });

  it("shows checks as they go, and ends them when asked", async () => {
    await using window = await windows.open(everyday());
    const { page } = window;
    await window.show("Diagnostics");
    await button(window, "Run checks").click();
    await eventually(() => window.calls("doctor"), [{ network: "n-lan" }]);
    await button(window, "Cancel").waitFor();
    const job = "job-1";
    await window.emit(
      "progress",
      { job, step: step("tap", "pass", { detail: "/dev/net/tun can be opened" }) },
      { job, step: step("dns", "running") },
      { job: "someone else's", step: step("mtu", "fail") },
    );
    const list = page.getByRole("list", { name: "Check the network" });
    await list.getByText("Name of the relay").waitFor();
    expect(await list.getByRole("listitem").count()).toBe(2);
    await button(window, "Cancel").click();
    await page.getByRole("status").getByText("Cancelled").waitFor();
    expect(await window.calls("cancel")).toEqual([{ job }]);
    expect(await list.getByRole("listitem").count()).toBe(1);
  });

  it("measures between this machine and a member, with the result in its unit", async () => {
    await using window = await windows.open(everyday());
    const { page } = window;
    await window.show("Diagnostics");
    await page.getByLabel("Member", { exact: true }).selectOption({ label: "camera-gate (10.20.0.31)" });
    await button(window, "Start: Throughput").click();
    await eventually(
      () => window.calls("test"),
      [{ network: "n-lan", kind: "throughput", vtep: "v-camera-gate" }],
    );
    await window.emit("progress", {
      job: "job-1",
      step: step("throughput", "pass", { value: 412_000_000, unit: "bit/s" }),
    });
    await window.emit("done", { job: "job-1", outcome: "ok", error: null });
    const test = page.getByRole("region", { name: "Throughput" });
    await test.getByText("412 Mbit/s").waitFor();
    await test.getByText("Done").waitFor();
  });

  it("captures into the file that was chosen, until it is stopped", async () => {
    await using window = await windows.open(everyday());
    const { page } = window;
    await window.show("Capture");
    await page.getByLabel("Stop after").selectOption({ label: "5 minutes" });
    await button(window, "Choose file and start").click();
    await page.getByText("Capturing").waitFor();
    expect(await window.calls("app.capture.start")).toEqual([{ network: "n-lan", seconds: 300 }]);
    const file = "/home/anna/lan.pcapng";
    await window.emit("app.capture", { job: "job-1", state: "running", file, packets: 1_200, bytes: 98_000 });
    await page.getByText("1,200").waitFor();
    await button(window, "Stop").click();
    await eventually(() => window.calls("app.capture.stop"), [{ job: "job-1" }]);
    await window.emit("app.capture", { job: "job-1", state: "done", file, packets: 1_300, bytes: 99_000 });
    await page.getByText("Capture saved").waitFor();
  });

  it("filters the log by level and by words, and copies a report", async () => {
    await using window = await windows.open(everyday());
    const { page } = window;
    await window.show("Logs");
    const lines = page.locator(".log-line");
    await eventually(() => lines.count(), 6);
    await page.getByLabel("Filter").fill("WORKSHOP");
    await eventually(() => lines.count(), 3);
    await page.getByLabel("Level").selectOption({ label: "Errors" });
    await eventually(() => lines.count(), 1);
    const entry: LogEntry = {
      at: NOW,
      level: "error",
      code: "tap.gone",
      message: "workshop: gone",
      network: null,
    };
    await window.emit("log", entry);
    await eventually(() => lines.count(), 2);
    await button(window, "Copy report").click();
    await said(window).getByText("Report copied").waitFor();
    expect(await window.calls("app.copy")).toEqual([{ text: everyday().report }]);
  });

  it("creates networks and invites on relays that it has a token for", async () => {
    await using window = await windows.open({ ...everyday(), relays: [] });
    const { page } = window;
    await window.show("Create and invite");
    await page.getByRole("textbox", { name: "Relay" }).fill("https://relay.example.org");
    await page.getByLabel("Administrator's token").fill("secret");
    await page.keyboard.press("Enter");
    const create = page.getByRole("form", { name: "Create a network" });
    await create.getByLabel("Name").fill("office");
    await create.getByLabel("Subnet").fill("10.40.0.0/24");
    await create.getByRole("button", { name: "Create" }).click();
    await said(window).getByText("Network office created, VNI 102").waitFor();
    const relay = "https://relay.example.org";
    expect(await window.calls("admin.set")).toEqual([{ relay, token: "secret" }]);
    expect(await window.calls("network.create")).toEqual([
      { relay, tenant: "default", name: "office", subnet: "10.40.0.0/24" },
    ]);
    const invite = page.getByRole("form", { name: "New invite" });
    await invite.getByLabel("Number of devices").fill("3");
    await invite.getByRole("button", { name: "New invite" }).click();
    await invite.getByText(INVITE).waitFor();
    expect(await window.calls("invite.create")).toEqual([
      { relay, tenant: "default", network: "lan", uses: 3, expires_in: 604_800 },
    ]);
  });

  it("changes settings at once, and speaks the language that is set", async () => {
    await using window = await windows.open(everyday());
    const { page } = window;
    await window.show("Settings");
    await page.getByLabel("Theme").selectOption({ label: "Dark" });
    await page.getByRole("switch", { name: "Open at login" }).click();
    await page.getByLabel("When the window is closed").selectOption({ label: "Quit the app" });
    await page.getByRole("switch", { name: "archive" }).click();
    await page.getByLabel("HTTP proxy").fill(" http://ann:secret@proxy.example:3128 ");
    await page.getByRole("button", { name: "Save proxy" }).click();
    await said(window).getByText("Proxy saved").waitFor();
    expect(await window.calls("settings.set")).toEqual([{ proxy: "http://ann:secret@proxy.example:3128" }]);
    await page.getByLabel("Language").selectOption({ label: "简体中文" });
    await page.getByRole("heading", { name: "设置", level: 1 }).waitFor();
    const root = page.locator("html");
    expect([await root.getAttribute("lang"), await root.getAttribute("data-theme")]).toEqual([
      "zh-CN",
      "dark",
    ]);
    expect(await window.calls("app.settings.set")).toEqual([
      { theme: "dark" },
      { start_at_login: false },
      { on_close: "quit" },
      { language: "zh-CN" },
    ]);
    expect(await window.calls("autostart.set")).toEqual([{ network: "n-archive", autostart: true }]);
  });

  it("allows read-only users to look", async () => {
    const scene = everyday();
    await using window = await windows.open({
      ...scene,
      app: { ...scene.app, agent: { ...CONNECTED, may_change: false } },
    });
    const { page } = window;
    await page.getByText("You may look, but not change anything").waitFor();
    await page.getByRole("switch", { name: "lan on this machine" }).click({ force: true });
    await button(window, "Join a network").click({ force: true });
    await button(window, "Open lan").click();
    await page.getByRole("row").filter({ hasText: "bench-12" }).waitFor();
    await button(window, "Wake build-server").click({ force: true });
    for (const method of ["up", "down", "wake", "join", "logs"] as const)
      expect(await window.calls(method), method).toEqual([]);
  });

  it("forgets its data when the service goes, and asks again when it is back", async () => {
    await using window = await windows.open(everyday());
    const { page } = window;
    await window.emit("app.agent", { ...CONNECTED, state: "absent" });
    await page.getByRole("heading", { name: "Start the service" }).waitFor();
    await window.emit("app.agent", CONNECTED);
    await button(window, "Open lan").waitFor();
    expect(await window.calls("status")).toHaveLength(2);
  });

  it("says what works on systems without a TAP driver", async () => {
    const scene = firstRun({ ...CONNECTED, state: "absent", may_change: false });
    await using window = await windows.open({ ...scene, app: { ...scene.app, platform: "win32" } });
    await window.page.getByText("This system can't join networks yet").waitFor();
    expect(await window.page.getByText("service install").count()).toBe(0);
  });

  it("moves nothing if the user wants no motion", async () => {
    await using window = await windows.open(everyday());
    const { page } = window;
    const moving = () => page.evaluate("document.getAnimations().length");
    await window.emit("changed", { networks: [network("lan", { state: "connecting" })], removed: [] });
    await page.getByText("Connecting", { exact: true }).waitFor();
    await expect.poll(moving, { timeout: 20_000 }).not.toBe(0);
    await page.emulateMedia({ reducedMotion: "reduce" });
    await eventually(moving, 0);
  });

  it("draws the traffic of a network that is busy", async () => {
    await using window = await windows.open(everyday());
    await button(window, "Open lan").click();
    await window.page.locator(".plot canvas").waitFor();
    const drawn = () =>
      window.page.evaluate<number>(`(() => {
        const canvas = document.querySelector(".plot canvas");
        const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
        let pixels = 0;
        for (let at = 3; at < data.length; at += 4) if (data[at] > 0) pixels += 1;
        return pixels;
      })()`);
    const before = await drawn();
    await window.emit("traffic", ...trafficOf("n-lan"));
    await expect.poll(drawn, { timeout: 20_000 }).toBeGreaterThan(before + 500);
  });
});
