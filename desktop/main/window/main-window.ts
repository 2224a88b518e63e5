import type { BrowserWindow, BrowserWindowConstructorOptions, NativeImage, WebContents } from "electron";
import type { BridgeEvent, BridgeEventData } from "../../rpc/bridge.ts";
import { EVENT_CHANNEL } from "../channels.ts";
import { APP_PAGE } from "./app-url.ts";

export interface MainWindowOptions {
  readonly make: (options: BrowserWindowConstructorOptions) => BrowserWindow;
  /** Path of the preload. */
  readonly preload: string;
  readonly icon: NativeImage;
  /** False in releases. */
  readonly devTools: boolean;
  /** The user closes the window: returns what should happen. */
  readonly closing: () => Promise<"hide" | "quit" | "stay">;
  readonly quit: () => void;
}

/** A crashed page is reloaded, unless it crashed before within this time, in milliseconds. */
const CRASH_MS = 10_000;

/** The app's only window. It is created once and hidden rather than closed, until the app quits. */
export class MainWindow {
  readonly #options: MainWindowOptions;
  readonly #window: BrowserWindow;
  #asking = false;
  #mayClose = false;
  #crashedAt = Number.NEGATIVE_INFINITY;

  constructor(options: MainWindowOptions) {
    this.#options = options;
    this.#window = options.make(windowOptions(options));
    this.#window.on("close", (event) => {
      if (this.#mayClose) return;
      event.preventDefault();
      void this.#close();
    });
    this.#window.webContents.on("render-process-gone", () => this.#crashed());
  }

  /** Loads the page, and shows it if `shown`. */
  async load(shown: boolean): Promise<void> {
    await this.#window.loadURL(APP_PAGE);
    if (shown) this.show();
  }

  /** Undefined once it is gone. */
  get contents(): WebContents | undefined {
    return this.#window.isDestroyed() ? undefined : this.#window.webContents;
  }

  /** Whether the user is looking at it. */
  get inUse(): boolean {
    return !this.#window.isDestroyed() && this.#window.isFocused();
  }

  show(): void {
    if (this.#window.isDestroyed()) return;
    if (this.#window.isMinimized()) this.#window.restore();
    this.#window.show();
    this.#window.focus();
  }

  /** Sends an event to the page. */
  send<E extends BridgeEvent>(event: E, data: BridgeEventData<E>): void {
    this.contents?.send(EVENT_CHANNEL, event, data);
  }

  /** Allows closing without a question, because the app quits. */
  allowClose(): void {
    this.#mayClose = true;
  }

  async #close(): Promise<void> {
    if (this.#asking) return;
    this.#asking = true;
    try {
      const choice = await this.#options.closing();
      if (choice === "hide") this.#window.hide();
      if (choice === "quit") this.#options.quit();
    } finally {
      this.#asking = false;
    }
  }

  #crashed(): void {
    const now = performance.now();
    const again = now - this.#crashedAt < CRASH_MS;
    this.#crashedAt = now;
    if (!again && !this.#window.isDestroyed()) void this.#window.loadURL(APP_PAGE);
  }
}

/** Electron's security checklist, point by point. Defaults are set explicitly, because they have changed before. */
function windowOptions({ preload, icon, devTools }: MainWindowOptions): BrowserWindowConstructorOptions {
  return {
    title: "Laneway",
    width: 1_080,
    height: 740,
    minWidth: 360,
    minHeight: 480,
    show: false,
    icon,
    autoHideMenuBar: true,
    webPreferences: {
      preload,
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
      spellcheck: false,
      devTools,
    },
  };
}
