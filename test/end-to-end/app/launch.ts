import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { SharedChromium } from "../../support/browser/shared-chromium.ts";
import { PLACE_VARIABLE, type Place } from "./double/place.ts";
import type { Command, Commands } from "./double/user.ts";

export interface LaunchOptions {
  /** The app's folder, with its package.json. */
  readonly app: string;
  /** The agent's socket. */
  readonly socket?: string;
  readonly args?: readonly string[];
  readonly locale?: string;
  readonly packaged?: boolean;
  /** A browser that several users share, one after the other; by default each user has one. */
  readonly chromium?: SharedChromium;
}

const WAIT_MS = 45_000;
const PAGE = "https://laneway.app.invalid/";

/** What the desktop shows of the app. */
export type Desktop = ReturnType<Commands["desktop"]>;

/** A user of this machine who starts the app, with a home directory. If the app quits, it can be started again. */
export class AppUser implements AsyncDisposable {
  readonly home: string;
  readonly #options: LaunchOptions;
  readonly #chromium: SharedChromium;
  readonly #browser: Browser;
  #process: ChildProcess | undefined;
  #died: Promise<never> = new Promise(() => {});
  #said = "";
  #lastId = 0;

  private constructor(options: LaunchOptions, home: string, own: SharedChromium, browser: Browser) {
    this.#options = options;
    this.home = home;
    this.#chromium = own;
    this.#browser = browser;
  }

  /** Starts the app and waits for its window. */
  static async launch(options: LaunchOptions): Promise<AppUser> {
    const home = await mkdtemp(join(tmpdir(), "laneway-user-"));
    const own = options.chromium ?? (await SharedChromium.start());
    const user = new AppUser(options, home, own, await chromium.connectOverCDP(own.devtools));
    try {
      await user.start(options.args);
      return user;
    } catch (error) {
      await user[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Starts the app, which runs until it is told to quit. */
  async start(args: readonly string[] = []): Promise<void> {
    const child = await this.#spawn(args);
    this.#process = child;
    this.#died = once(child, "exit").then(() => Promise.reject(new Error(`the app ended: ${this.#said}`)));
    this.#died.catch(() => {});
    await this.page();
    if (args.includes("--hidden")) return;
    await this.until(async () => (await this.desktop()).window?.visible);
  }

  /** Starts the app a second time while it runs, and waits for the end of the second. */
  async startAgain(args: readonly string[]): Promise<number | null> {
    const child = await this.#spawn(args);
    const [code] = (await once(child, "exit")) as [number | null];
    return code;
  }

  /** The window's page. */
  async page(): Promise<Page> {
    const found = await this.until(async () => this.#pages.find(isOurs));
    found.setDefaultTimeout(WAIT_MS);
    return found;
  }

  /** Waits for a result. @throws with the app's output, if it does not come */
  async until<T>(look: () => Promise<T | undefined | false>): Promise<T> {
    const end = performance.now() + WAIT_MS;
    for (;;) {
      const found = await look();
      if (found !== undefined && found !== false) return found;
      const { exitCode = null, signalCode = null } = this.#process ?? {};
      if (exitCode !== null || signalCode !== null) throw new Error(`the app ended: ${this.#said}`);
      if (performance.now() > end) throw new Error(`it did not come; the app said: ${this.#said}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** Acts as the user, or reads the desktop. */
  async do<C extends Command>(
    command: C,
    ...args: Parameters<Commands[C]>
  ): Promise<ReturnType<Commands[C]>> {
    const child = this.#process;
    if (child === undefined) throw new Error("the app does not run");
    this.#lastId++;
    const id = this.#lastId;
    const answer = new Promise<ReturnType<Commands[C]>>((resolve, reject) => {
      const hear = (message: { id: number; result?: ReturnType<Commands[C]>; error?: string }) => {
        if (message.id !== id) return;
        child.off("message", hear);
        if (message.error !== undefined) reject(new Error(message.error));
        else resolve(message.result as ReturnType<Commands[C]>);
      };
      child.on("message", hear);
    });
    child.send({ id, command, args });
    return Promise.race([answer, this.#died]);
  }

  desktop(): Promise<Desktop> {
    return this.do("desktop");
  }

  /** The app's output. */
  get said(): string {
    return this.#said;
  }

  /** Waits for the app's end. */
  async ended(): Promise<number | null> {
    const child = this.#process;
    if (child === undefined) throw new Error("the app does not run");
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    return child.exitCode;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#kill();
    if (this.#options.chromium === undefined) await this.#chromium[Symbol.asyncDispose]();
    else await Promise.all(this.#pages.filter(isOurs).map((page) => page.close()));
    await this.#browser.close();
    await rm(this.home, { recursive: true, force: true });
  }

  get #pages(): readonly Page[] {
    return this.#browser.contexts().flatMap((context) => context.pages());
  }

  async #spawn(args: readonly string[]): Promise<ChildProcess> {
    const {
      app,
      socket = join(this.home, "no-agent.sock"),
      locale = "en-GB",
      packaged = true,
    } = this.#options;
    const { main } = JSON.parse(await readFile(join(app, "package.json"), "utf8")) as { main: string };
    const place: Place = {
      devtools: this.#chromium.devtools,
      appPath: app,
      userData: join(this.home, ".config/Laneway"),
      home: this.home,
      locale,
      packaged,
    };
    const register = join(import.meta.dirname, "double/register.ts");
    const { XDG_CONFIG_HOME: _, ...env } = process.env;
    const child = spawn(process.execPath, ["--import", register, join(app, main), ...args], {
      env: { ...env, LANEWAY_SOCKET: socket, [PLACE_VARIABLE]: JSON.stringify(place) },
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        this.#said = (this.#said + text).slice(-16_000);
      });
    }
    return child;
  }

  async #kill(): Promise<void> {
    const child = this.#process;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    child.kill("SIGKILL");
    await gone;
  }
}

function isOurs(page: Page): boolean {
  return page.url().startsWith(PAGE) && !page.isClosed();
}
