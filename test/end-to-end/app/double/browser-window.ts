import type { ChromiumDouble } from "./chromium.ts";
import { Events, makeEvent } from "./events.ts";
import type { IpcMainDouble } from "./ipc-main.ts";
import { knownKeys } from "./strict.ts";
import { WebContentsDouble } from "./web-contents.ts";

/** Required web preferences; Electron accepts others and is unsafe then. */
const SAFE: Readonly<Record<string, boolean>> = {
  sandbox: true,
  contextIsolation: true,
  nodeIntegration: false,
  nodeIntegrationInWorker: false,
  nodeIntegrationInSubFrames: false,
  webSecurity: true,
  allowRunningInsecureContent: false,
  experimentalFeatures: false,
  webviewTag: false,
  navigateOnDragDrop: false,
};

const OPTIONS = [
  "title",
  "width",
  "height",
  "minWidth",
  "minHeight",
  "show",
  "icon",
  "autoHideMenuBar",
  "webPreferences",
];

export interface BrowserWindowOptions {
  readonly show?: boolean;
  readonly title?: string;
  readonly width?: number;
  readonly height?: number;
  readonly webPreferences?: Readonly<Record<string, unknown>> & { readonly preload?: string };
}

/** The parts of a window, besides its options. */
export interface WindowPlace {
  readonly chromium: ChromiumDouble;
  readonly ipc: IpcMainDouble;
  readonly packaged: boolean;
  readonly sandboxed: boolean;
}

/** Throws for web preferences that are unsafe, or unknown to the double. */
export function checkPreferences(preferences: Readonly<Record<string, unknown>>, packaged: boolean): void {
  knownKeys("webPreferences", preferences, [...Object.keys(SAFE), "preload", "spellcheck", "devTools"]);
  for (const [name, safe] of Object.entries(SAFE)) {
    if (preferences[name] !== safe) throw new Error(`unsafe: webPreferences.${name} has to be ${safe}`);
  }
  if (packaged && preferences["devTools"] !== false) {
    throw new Error("unsafe: webPreferences.devTools has to be false in what users install");
  }
}

/** `BrowserWindow`: a page of Chromium, and whether the user sees it. */
export class BrowserWindowDouble extends Events {
  readonly contents: WebContentsDouble;
  #visible: boolean;
  #focused: boolean;
  #destroyed = false;

  constructor(options: BrowserWindowOptions, { chromium, ipc, packaged, sandboxed }: WindowPlace) {
    super("BrowserWindow", ["close", "closed"]);
    knownKeys("BrowserWindow", options, OPTIONS);
    const preferences = options.webPreferences ?? {};
    checkPreferences(preferences, packaged);
    if (!sandboxed) throw new Error("unsafe: app.enableSandbox() was not called");
    if (preferences.preload === undefined) throw new Error("the double needs a preload");
    this.contents = new WebContentsDouble(chromium, ipc, preferences.preload, {
      width: options.width ?? 800,
      height: options.height ?? 600,
    });
    this.#visible = options.show ?? true;
    this.#focused = this.#visible;
  }

  get webContents(): WebContentsDouble {
    if (this.#destroyed) throw new TypeError("Object has been destroyed");
    return this.contents.exported;
  }

  loadURL(url: string): Promise<void> {
    return this.contents.loadURL(url);
  }

  isDestroyed(): boolean {
    return this.#destroyed;
  }

  isVisible(): boolean {
    return this.#visible;
  }

  isFocused(): boolean {
    return this.#focused;
  }

  isMinimized(): boolean {
    return false;
  }

  show(): void {
    this.#visible = true;
    this.#focused = true;
    void this.contents.bringToFront();
  }

  focus(): void {
    this.#focused = this.#visible;
  }

  hide(): void {
    this.#visible = false;
    this.#focused = false;
  }

  /** The user switches to another window. */
  blur(): void {
    this.#focused = false;
  }

  /** @returns false if the app kept it open */
  close(): boolean {
    if (this.#destroyed) return true;
    const event = makeEvent({});
    this.emit("close", event);
    if (event.defaultPrevented) return false;
    this.#destroyed = true;
    this.#visible = false;
    this.#focused = false;
    void this.contents.close();
    this.emit("closed");
    return true;
  }
}
