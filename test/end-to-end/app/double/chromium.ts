import {
  type Browser,
  type BrowserContext,
  type CDPSession,
  chromium,
  type Page,
  type Request as PageRequest,
  type Route,
} from "playwright-core";
import { makeEvent } from "./events.ts";
import type { ProtocolDouble } from "./protocol.ts";
import { fromBrowser, toBrowser } from "./scheme.ts";
import { PERMISSIONS, type SessionDouble } from "./session.ts";

/** What Chromium needs of the `webContents` that a page belongs to. */
export interface PageOwner {
  /** As the app gets it. */
  readonly exported: object;
  /** Asks the app whether a page may go to a URL. */
  mayNavigate(url: string, isMainFrame: boolean): boolean;
}

/** The Chromium behind the double: answers all requests of its pages, and lets none out. */
export class ChromiumDouble {
  readonly #protocol: ProtocolDouble;
  readonly #session: SessionDouble;
  readonly #contents = new Map<Page, PageOwner>();
  readonly #refused: string[] = [];
  #browser: Browser | undefined;
  #devtools: CDPSession | undefined;

  constructor(protocol: ProtocolDouble, session: SessionDouble) {
    this.#protocol = protocol;
    this.#session = session;
  }

  /** URLs of refused requests. */
  get refused(): readonly string[] {
    return this.#refused;
  }

  async start(endpoint: string): Promise<void> {
    this.#browser = await chromium.connectOverCDP(endpoint);
    const context = this.#context;
    await context.route("**/*", (route, request) => this.#answer(route, request));
    const devtools = await this.#browser.newBrowserCDPSession();
    // Closes what pages open: the app opens no windows that way.
    devtools.on("Target.targetCreated", ({ targetInfo: { targetId, openerId } }) => {
      if (openerId !== undefined) devtools.send("Target.closeTarget", { targetId }).catch(() => {});
    });
    await devtools.send("Target.setDiscoverTargets", { discover: true });
    // Kept, because permissions are this session's, and end with it.
    this.#devtools = devtools;
  }

  /** Opens a page for contents, with its first scripts. */
  async open(
    contents: PageOwner,
    prepare: (page: Page, devtools: CDPSession) => Promise<void>,
  ): Promise<Page> {
    const page = await this.#context.newPage();
    this.#contents.set(page, contents);
    await prepare(page, await this.#context.newCDPSession(page));
    return page;
  }

  /** Grants a page what the session permits, and denies the rest. */
  async permit(contents: PageOwner, url: string): Promise<void> {
    if (!this.#session.decidesDevices)
      throw new Error("nobody decides about devices and the screen: set their handlers");
    const origin = new URL(toBrowser(url)).origin;
    for (const name of PERMISSIONS) {
      const granted = await this.#session.permits(contents.exported, name, new URL(url).origin);
      const setting = granted ? "granted" : "denied";
      await this.#devtools?.send("Browser.setPermission", { permission: { name }, origin, setting });
    }
  }

  async stop(): Promise<void> {
    const pages = [...this.#contents.keys()];
    this.#contents.clear();
    await Promise.all(pages.map((page) => page.close().catch(() => {})));
    await this.#browser?.close();
  }

  get #connected(): Browser {
    if (this.#browser === undefined) throw new Error("the app is not ready");
    return this.#browser;
  }

  get #context(): BrowserContext {
    const [context] = this.#connected.contexts();
    if (context === undefined) throw new Error("Chromium has no default context");
    return context;
  }

  async #answer(route: Route, request: PageRequest): Promise<void> {
    const url = fromBrowser(request.url());
    const contents = this.#contentsOf(request);
    // The first request of a window that a page opened; the window closes in a moment.
    if (contents === undefined) return this.#refuse(route, url);
    if (request.isNavigationRequest() && !contents.mayNavigate(url, isMainFrame(request))) {
      return this.#refuse(route, url);
    }
    const details = { url, method: request.method(), resourceType: request.resourceType() };
    if (!(await this.#session.allows(details))) return this.#refuse(route, url);
    const handler = this.#protocol.handlerOf(url);
    if (handler === undefined) return this.#refuse(route, url);
    const response = await handler(new Request(url, { method: request.method() }));
    await route.fulfill({
      status: response.status,
      headers: Object.fromEntries(response.headers),
      body: Buffer.from(await response.arrayBuffer()),
    });
  }

  #contentsOf(request: PageRequest): PageOwner | undefined {
    try {
      return this.#contents.get(request.frame().page());
    } catch {
      return undefined;
    }
  }

  async #refuse(route: Route, url: string): Promise<void> {
    this.#refused.push(url);
    await route.abort("aborted");
  }
}

function isMainFrame(request: PageRequest): boolean {
  return request.frame().parentFrame() === null;
}

/** Returns the event that Electron emits before a page navigates. */
export function navigationEvent(url: string, isMainFrame: boolean) {
  return makeEvent({ url, isMainFrame, isSameDocument: false });
}
