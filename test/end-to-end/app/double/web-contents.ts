import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { isAbsolute } from "node:path";
import type { CDPSession, Page } from "playwright-core";
import { type ChromiumDouble, navigationEvent } from "./chromium.ts";
import { Events } from "./events.ts";
import { FrameDouble } from "./frame.ts";
import type { IpcMainDouble } from "./ipc-main.ts";
import { fromBrowser, toBrowser } from "./scheme.ts";
import { strict } from "./strict.ts";
import { decode, encode } from "./wire.ts";
import { makeExchange, pageWorld, preloadWorld } from "./worlds.ts";

const EVENTS = [
  "will-navigate",
  "will-frame-navigate",
  "will-redirect",
  "will-attach-webview",
  "render-process-gone",
];

const POST = "laneway_double_post";
const PRELOAD_WORLD = "Electron Isolated Context";

interface Context {
  readonly id: number;
  readonly name: string;
  readonly auxData: { readonly frameId: string };
}

/** `webContents`: a page. */
export class WebContentsDouble extends Events {
  /** As the app gets it. */
  readonly exported: this;
  readonly #chromium: ChromiumDouble;
  readonly #ipc: IpcMainDouble;
  readonly #preload: string;
  readonly #size: { readonly width: number; readonly height: number };
  readonly #frames = new Map<string, FrameDouble>();
  /** The preload's world of each frame. */
  readonly #worlds = new Map<string, number>();
  readonly #opening: string[] = [];
  #page: Page | undefined;
  #devtools: CDPSession | undefined;
  #mainFrame = new FrameDouble("");
  #loading: string | undefined;
  #openHandler: ((details: { url: string }) => { action: string }) | undefined;

  /**
   * @param preload its file, which is read when a page is loaded
   * @param size of the page, in CSS pixels
   */
  constructor(
    chromium: ChromiumDouble,
    ipc: IpcMainDouble,
    preload: string,
    size: { readonly width: number; readonly height: number },
  ) {
    super("webContents", EVENTS);
    if (!isAbsolute(preload)) throw new Error(`preload script must have absolute path: ${preload}`);
    this.#chromium = chromium;
    this.#ipc = ipc;
    this.#preload = preload;
    this.#size = size;
    this.exported = strict("webContents", this);
  }

  get mainFrame(): FrameDouble {
    return this.#mainFrame;
  }

  setWindowOpenHandler(handler: (details: { url: string }) => { action: string }): void {
    this.#openHandler = handler;
  }

  /** URLs that pages tried to open. */
  get tried(): readonly string[] {
    return this.#opening;
  }

  getURL(): string {
    return this.#mainFrame.url;
  }

  async loadURL(url: string): Promise<void> {
    await this.#chromium.permit(this, url);
    this.#page ??= await this.#chromium.open(this, (page, devtools) => this.#prepare(page, devtools));
    this.#loading = url;
    await this.#page.goto(toBrowser(url));
  }

  send(channel: string, ...args: unknown[]): void {
    this.#tellPreload(this.#mainFrame, { channel, args });
  }

  /** Sets the desktop's colours, which a page sees by a media query. */
  async setColours(scheme: "light" | "dark" | null): Promise<void> {
    await this.#page?.emulateMedia({ colorScheme: scheme });
  }

  async bringToFront(): Promise<void> {
    await this.#page?.bringToFront();
  }

  /** Returns whether a page may go to a URL: the app sent it there, or does not forbid it. */
  mayNavigate(url: string, isMainFrame: boolean): boolean {
    if (isMainFrame && this.#loading === url) {
      this.#loading = undefined;
      return true;
    }
    const frame = navigationEvent(url, isMainFrame);
    this.emit("will-frame-navigate", frame);
    const event = navigationEvent(url, isMainFrame);
    if (isMainFrame) this.emit("will-navigate", event);
    return !frame.defaultPrevented && !event.defaultPrevented;
  }

  async close(): Promise<void> {
    await this.#page?.close().catch(() => {});
  }

  async #prepare(page: Page, devtools: CDPSession): Promise<void> {
    this.#devtools = devtools;
    await page.setViewportSize(this.#size);
    devtools.on("Page.frameNavigated", ({ frame }) => {
      this.#frame(frame.id).navigated(fromBrowser(frame.url));
    });
    devtools.on("Runtime.executionContextCreated", ({ context }) => {
      const { id, name, auxData } = context as unknown as Context;
      if (name === PRELOAD_WORLD) this.#worlds.set(auxData.frameId, id);
    });
    devtools.on("Runtime.executionContextDestroyed", ({ executionContextId }) => {
      for (const [frame, id] of this.#worlds) if (id === executionContextId) this.#worlds.delete(frame);
    });
    devtools.on("Runtime.bindingCalled", ({ name, payload, executionContextId }) => {
      if (name === POST) void this.#called(payload, executionContextId);
    });
    devtools.on("Page.windowOpen", ({ url }) => this.#windowOpened(fromBrowser(url)));
    page.on("crash", () => this.emit("render-process-gone", {}, { reason: "crashed", exitCode: 1 }));
    await devtools.send("Page.enable");
    const { frameTree } = await devtools.send("Page.getFrameTree");
    this.#mainFrame = this.#frame(frameTree.frame.id);
    await devtools.send("Runtime.enable");
    await devtools.send("Runtime.addBinding", { name: POST, executionContextName: PRELOAD_WORLD });
    await this.#addScripts(devtools);
  }

  async #addScripts(devtools: CDPSession): Promise<void> {
    const channel = JSON.stringify(`bridge-${randomBytes(16).toString("hex")}`);
    const preload = readFileSync(this.#preload, "utf8");
    await devtools.send("Page.addScriptToEvaluateOnNewDocument", {
      source: `(${pageWorld})(${channel}, ${makeExchange});`,
    });
    // By default Electron runs the preload only in the top frame.
    await devtools.send("Page.addScriptToEvaluateOnNewDocument", {
      worldName: PRELOAD_WORLD,
      source: `if (window === window.top) (${preloadWorld})(${channel}, ${makeExchange}, ${encode}, ${decode}, (require, module, exports) => {${preload}\n});`,
    });
  }

  #windowOpened(url: string): void {
    this.#opening.push(url);
    const answer = this.#openHandler?.({ url }) ?? { action: "allow" };
    if (answer.action !== "deny") throw new Error("the double opens no further windows");
  }

  async #called(payload: string, context: number): Promise<void> {
    const [frameId] = [...this.#worlds].find(([, id]) => id === context) ?? [];
    const frame = frameId === undefined ? null : this.#frame(frameId);
    const { id, channel, args } = decode(payload) as { id: number; channel: string; args: unknown[] };
    const event = {
      type: "frame",
      frameId: frameId ?? "",
      sender: this.exported,
      senderFrame: frame,
    } as const;
    let answer: object;
    try {
      answer = { id, ok: true, value: await this.#ipc.invoked(event, channel, args) };
    } catch (error) {
      answer = { id, ok: false, value: error instanceof Error ? error.message : String(error) };
    }
    if (frame !== null) this.#tellPreload(frame, answer);
  }

  /** Events for a page that has gone on are lost, as in Electron. */
  #tellPreload(frame: FrameDouble, message: object): void {
    const context = this.#worlds.get(frame.frameToken);
    if (context === undefined) return;
    this.#devtools
      ?.send("Runtime.callFunctionOn", {
        executionContextId: context,
        functionDeclaration: "function (text) { globalThis.laneway_double_hear?.(text); }",
        arguments: [{ value: encode(message) }],
      })
      .catch(() => {});
  }

  #frame(id: string): FrameDouble {
    const frame = this.#frames.get(id) ?? new FrameDouble(id);
    this.#frames.set(id, frame);
    return frame;
  }
}
