// The system's Chromium, driven by playwright-core.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, chromium } from "playwright-core";
import { findCommand } from "../../../tools/find-command.ts";

/** Only the page under test may make it use a network. */
const ARGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** A browser for one file of tests; each test has its own contexts in it. */
export class Chromium implements AsyncDisposable {
  readonly browser: Browser;
  readonly #directory: string;

  private constructor(browser: Browser, directory: string) {
    this.browser = browser;
    this.#directory = directory;
  }

  static async launch(): Promise<Chromium> {
    const executablePath = findCommand("chromium");
    if (executablePath === undefined) throw new Error("there is no chromium on this machine");
    const directory = mkdtempSync(join(tmpdir(), "laneway-chromium-"));
    try {
      const env = { ...process.env, HOME: directory, TMPDIR: directory, XDG_CONFIG_HOME: directory };
      const browser = await chromium.launch({ executablePath, headless: true, args: ARGS, env });
      return new Chromium(browser, directory);
    } catch (error) {
      rmSync(directory, { recursive: true, force: true });
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.browser.close();
    rmSync(this.#directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}
