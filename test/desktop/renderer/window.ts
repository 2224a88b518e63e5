// The built window in a real browser, with a double behind the bridge.
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { Page, Route } from "playwright-core";
import { build, type Rolldown } from "vite";
import { rendererBuild } from "../../../desktop/build/renderer.ts";
import { responseHeaders } from "../../../desktop/main/window/response-headers.ts";
import type { BridgeEvent, BridgeEventData, BridgeMethod } from "../../../desktop/rpc/bridge.ts";
import type { Problem } from "../../../desktop/rpc/shapes.ts";
import { type AccessOptions, accessProblems } from "../../support/browser/axe.ts";
import { Chromium } from "../../support/browser/chromium.ts";
import type { BridgeDouble, Call } from "./double/bridge-double.ts";
import { NOW, type Scene } from "./double/scene.ts";

const ORIGIN = "http://localhost";
const TYPES: Readonly<Record<string, string>> = { html: "text/html", js: "text/javascript", css: "text/css" };

type Files = ReadonlyMap<string, string | Uint8Array>;

async function bundle(config: Parameters<typeof build>[0]): Promise<Files> {
  const built = await build({ ...config, build: { ...config?.build, write: false } });
  const outputs = [built].flat() as Rolldown.RolldownOutput[];
  const files = outputs.flatMap(({ output }) => output);
  return new Map(files.map((file) => [file.fileName, file.type === "chunk" ? file.code : file.source]));
}

/** Returns the double as one script. */
async function doubleScript(): Promise<string> {
  const files = await bundle({
    configFile: false,
    logLevel: "warn",
    build: {
      minify: false,
      lib: { entry: join(import.meta.dirname, "double/entry.ts"), formats: ["iife"], name: "doubles" },
    },
  });
  const [script] = files.values();
  return String(script);
}

/** A browser with the window's files, for any number of windows. */
export class Windows implements AsyncDisposable {
  readonly #chromium: Chromium;
  readonly #files: Files;
  readonly #double: string;
  readonly #axe: string;

  private constructor(chromium: Chromium, files: Files, double: string, axe: string) {
    this.#chromium = chromium;
    this.#files = files;
    this.#double = double;
    this.#axe = axe;
  }

  static async start(): Promise<Windows> {
    const [files, double, axe] = await Promise.all([
      bundle(rendererBuild()),
      doubleScript(),
      readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8"),
    ]);
    return new Windows(await Chromium.launch(), files, double, axe);
  }

  /** The names of the built files. */
  get files(): readonly string[] {
    return [...this.#files.keys()];
  }

  text(file: string): string {
    return String(this.#files.get(file) ?? "");
  }

  /** @param audited whether {@link AppWindow.violations} will be called; it stops all motion */
  async open(scene: Scene, { audited = false } = {}): Promise<AppWindow> {
    const context = await this.#chromium.browser.newContext({
      viewport: { width: 1060, height: 720 },
      timezoneId: "Europe/Berlin",
      reducedMotion: audited ? "reduce" : "no-preference",
    });
    const page = await context.newPage();
    page.setDefaultTimeout(20_000);
    const complaints: string[] = [];
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
    });
    page.on("pageerror", (error) => complaints.push(error.message));
    await page.clock.setFixedTime(NOW);
    await page.route("**/*", (route) => this.#answer(route));
    await page.addInitScript(`globalThis.scene = ${JSON.stringify(scene)};\n${this.#double}`);
    // With trusted types, a page accepts no script later.
    if (audited) await page.addInitScript(this.#axe);
    await page.goto(`${ORIGIN}/index.html`);
    await page.locator("h1").first().waitFor();
    return new AppWindow(page, complaints);
  }

  async #answer(route: Route): Promise<void> {
    const path = new URL(route.request().url()).pathname.slice(1);
    const file = this.#files.get(path);
    const type = TYPES[path.split(".").at(-1) ?? ""] ?? "application/octet-stream";
    const body = Buffer.from(file ?? "");
    await route.fulfill({ status: file === undefined ? 404 : 200, headers: responseHeaders(type), body });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#chromium[Symbol.asyncDispose]();
  }
}

/** One window, and the control of its double. */
export class AppWindow implements AsyncDisposable {
  readonly page: Page;
  /** The console's complaints, including violations of the content security policy. */
  readonly complaints: readonly string[];

  constructor(page: Page, complaints: readonly string[]) {
    this.page = page;
    this.complaints = complaints;
  }

  /** Sends events to the window. */
  async emit<E extends BridgeEvent>(event: E, ...told: readonly BridgeEventData<E>[]): Promise<void> {
    await this.page.evaluate(
      ([name, json]) => {
        const { double } = globalThis as unknown as { double: BridgeDouble };
        for (const data of JSON.parse(json)) double.emit(name, data);
      },
      [event, JSON.stringify(told)] as const,
    );
  }

  /** Makes a method fail from now on, or answer again. */
  async refuse(method: BridgeMethod, problem: Problem | null): Promise<void> {
    await this.page.evaluate(
      ([name, why]) => (globalThis as unknown as { double: BridgeDouble }).double.refuse(name, why),
      [method, problem] as const,
    );
  }

  /** Returns the parameters of all calls of a method. */
  async calls(method: BridgeMethod): Promise<unknown[]> {
    const calls: readonly Call[] = await this.page.evaluate(
      () => (globalThis as unknown as { double: BridgeDouble }).double.calls,
    );
    return calls.filter((call) => call.method === method).map(({ params }) => params);
  }

  /** Returns axe's findings for the current content. */
  violations(options: AccessOptions = {}): Promise<string[]> {
    return accessProblems(this.page, options);
  }

  /** Opens a screen by the side bar. */
  async show(screen: string): Promise<void> {
    await this.page.getByRole("navigation").getByRole("button", { name: screen, exact: true }).click();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.page.context().close();
  }
}
