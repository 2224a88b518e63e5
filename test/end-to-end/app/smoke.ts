// `npm run smoke`: the app in the real Electron, if its binary is available; needs a display (such as xvfb-run's). It checks once
// in Electron what the tests show with the double: the app starts, its window is locked, and the fuses hold.
//
//   npm run smoke                     the built app, in node_modules/electron
//   npm run smoke -- PROGRAM          a packaged or installed app, such as /opt/Laneway/laneway-desktop
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FuseState, FuseV1Options, getCurrentFuseWire } from "@electron/fuses";
import { type Browser, chromium, type Page } from "playwright-core";

const ROOT = join(import.meta.dirname, "../../..");
const START_MS = 60_000;

interface Bridge {
  call(method: string, params: object): Promise<{ ok: boolean; result?: { platform?: string } }>;
}
declare const window: { laneway: Bridge; location: { href: string }; open(url: string): unknown } & Record<
  string,
  unknown
>;

/** Returns Electron's program, without asking its package, which would download it. */
function electronProgram(): string {
  const folder = join(ROOT, "node_modules/electron");
  const program = process.env["ELECTRON_OVERRIDE_DIST_PATH"]
    ? join(process.env["ELECTRON_OVERRIDE_DIST_PATH"], "electron")
    : join(
        folder,
        "dist",
        existsSync(join(folder, "path.txt")) ? readFileSync(join(folder, "path.txt"), "utf8") : "",
      );
  if (existsSync(program) && !program.endsWith("dist")) return program;
  throw new Error("Electron's binary is not here: 'npx install-electron' downloads it");
}

/** Starts it and waits for its window. */
async function start(
  command: string,
  args: readonly string[],
): Promise<{ child: ChildProcess; browser: Browser }> {
  const child = spawn(command, [...args, "--remote-debugging-port=0"], {
    stdio: ["ignore", "inherit", "pipe"],
  });
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-16_000);
    const [, url] = /DevTools listening on (ws:\S+)/.exec(said) ?? [];
    if (url !== undefined) resolve(url);
  });
  child.once("error", reject);
  child.once("exit", (code) => reject(new Error(`it ended with ${code}: ${said}`)));
  const timer = setTimeout(() => reject(new Error(`it did not start: ${said}`)), START_MS);
  try {
    return { child, browser: await chromium.connectOverCDP(await promise) };
  } catch (error) {
    child.kill("SIGKILL");
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

async function windowOf(browser: Browser): Promise<Page> {
  const end = performance.now() + START_MS;
  while (performance.now() < end) {
    const page = browser
      .contexts()
      .flatMap((context) => context.pages())
      .find((one) => one.url() === "app://laneway/index.html");
    if (page !== undefined) return page;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("it has no window at app://laneway/index.html");
}

let failures = 0;

function check(what: string, holds: boolean): void {
  process.stdout.write(`${holds ? "ok  " : "FAIL"}  ${what}\n`);
  if (!holds) failures++;
}

async function checkWindow(page: Page): Promise<void> {
  await page.locator("main").waitFor({ timeout: START_MS });
  check("the window shows the app", true);
  const state = await page.evaluate(() => window.laneway.call("app.state", {}));
  check("the window reaches the app", state.ok && typeof state.result?.platform === "string");
  const unknown = await page.evaluate(() => window.laneway.call("no.such", {}));
  check("a call that the schema does not have is refused", !unknown.ok);
  const leaks = await page.evaluate(() => ["require", "process", "Buffer"].filter((name) => name in window));
  check("the window has nothing of Node", leaks.length === 0);
  check(
    "the window can't connect to anybody",
    await page.evaluate(() =>
      fetch("https://example.org/").then(
        () => false,
        () => true,
      ),
    ),
  );
  const permission = await page.evaluate(async () => {
    const { permissions } = window["navigator"] as {
      permissions: { query(of: object): Promise<{ state: string }> };
    };
    return (await permissions.query({ name: "geolocation" })).state;
  });
  check("permissions are denied", permission === "denied");
  check("no window can be opened", await page.evaluate(() => window.open("https://example.org/") === null));
  await page.evaluate(() => {
    window.location.href = "https://example.org/";
  });
  await new Promise((resolve) => setTimeout(resolve, 500));
  check("the window stays where it is", page.url() === "app://laneway/index.html");
}

/** Checks what only a packaged app has. */
async function checkPackaged(program: string): Promise<void> {
  const { [FuseV1Options.RunAsNode]: runAsNode } = await getCurrentFuseWire(program);
  check("the fuse RunAsNode is off", runAsNode === FuseState.DISABLE);
  const { status } = spawnSync(program, ["-e", "process.exit(7)"], {
    env: { ...process.env, ELECTRON_RUN_AS_NODE: "1", DISPLAY: "" },
    timeout: 20_000,
  });
  check("the app can't be run as Node", status !== 7);
}

async function main(): Promise<void> {
  const [packaged] = process.argv.slice(2);
  const program = packaged ?? electronProgram();
  const profile = await mkdtemp(join(tmpdir(), "laneway-smoke-"));
  const data = `--user-data-dir=${profile}`;
  // An app that is not installed may not use the sandbox on every system, such as in CI.
  const flags = packaged === undefined && process.env["CI"] ? [data, "--no-sandbox"] : [data];
  const { child, browser } = await start(program, packaged === undefined ? [ROOT, ...flags] : flags);
  try {
    await checkWindow(await windowOf(browser));
  } finally {
    await browser.close().catch(() => {});
    child.kill("SIGKILL");
    await rm(profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }
  if (packaged !== undefined) await checkPackaged(packaged);
  if (failures > 0) process.exitCode = 1;
}

await main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
