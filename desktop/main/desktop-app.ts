import { join } from "node:path";
import {
  app,
  BrowserWindow,
  clipboard,
  dialog,
  ipcMain,
  Menu,
  Notification,
  nativeImage,
  nativeTheme,
  shell,
  Tray,
} from "electron";
import type { AppSettings, AppState } from "../rpc/bridge.ts";
import { connectAgent } from "./agent/agent-client.ts";
import { AgentSide } from "./agent/agent-side.ts";
import { appAnswers } from "./app-answers.ts";
import { autostartFor, HIDDEN_FLAG } from "./autostart.ts";
import { answerCalls } from "./calls.ts";
import { closeChoice } from "./close-choice.ts";
import { PendingLink } from "./deep-link.ts";
import { Icons } from "./icons.ts";
import { type DesktopNotification, Notifier } from "./notifications.ts";
import { SettingsFile } from "./settings-file.ts";
import { TrayIcon } from "./tray.ts";
import { MainWindow } from "./window/main-window.ts";
import { type Words, wordsFor } from "./words.ts";

/** On other systems: they have no TAP driver yet, and so no agent to look for. */
const UNSUPPORTED = {
  code: "tap.unsupported-platform",
  message: `Laneway can't make an interface on ${process.platform} yet`,
  hint: "Join from a Linux machine. The relay, its administration and its diagnostics (laneway doctor --relay URL) work here.",
} as const;

/** Options of the app. */
export interface DesktopAppOptions {
  /** The agent's socket. */
  readonly socket: string;
  /** The built preload. */
  readonly preload: string;
}

/** The app, once Electron is ready: its parts and their connections. */
export class DesktopApp {
  readonly #settings = new SettingsFile(join(app.getPath("userData"), "settings.json"));
  readonly #icons = new Icons(nativeImage, join(app.getAppPath(), "desktop", "icons"));
  readonly #autostart = autostartFor(app);
  readonly #link = new PendingLink((link) => this.#window.send("app.link", { link }));
  readonly #ending = new AbortController();
  readonly #notices = new Set<Notification>();
  readonly #options: DesktopAppOptions;
  readonly #agent: AgentSide;
  readonly #window: MainWindow;
  readonly #tray: TrayIcon;

  constructor(options: DesktopAppOptions) {
    this.#options = options;
    const notifier = new Notifier({
      show: (notice, network) => this.#notify(notice, network),
      wanted: () => this.#settings.settings.notifications && !this.#window.inUse,
      words: () => this.#words,
      now: () => performance.now(),
    });
    this.#window = new MainWindow({
      make: (windowOptions) => new BrowserWindow(windowOptions),
      preload: options.preload,
      icon: this.#icons.window,
      devTools: !app.isPackaged,
      closing: () => this.#chooseClose(),
      quit: () => app.quit(),
    });
    this.#tray = new TrayIcon({
      make: (image) => new Tray(image),
      image: (overall) => this.#icons.tray(overall),
      menu: (items) => Menu.buildFromTemplate(items),
      words: () => this.#words,
      actions: {
        open: (network) => this.#open("networks", network),
        settings: () => this.#open("settings"),
        quit: () => app.quit(),
      },
    });
    this.#agent = new AgentSide({
      connect: (hear, signal) => connectAgent(options.socket, app.getVersion(), hear, signal),
      send: (event, data) => this.#window.send(event, data),
      unsupported: process.platform === "linux" ? null : UNSUPPORTED,
      happened: (change) => notifier.tell(change),
      refreshed: () => this.#tray.show(this.#agent.state),
      report,
    });
  }

  /** @param args the program's arguments */
  async run(args: readonly string[]): Promise<void> {
    this.#link.offer(args);
    this.#apply(this.#settings.settings);
    answerCalls(ipcMain, {
      answers: this.#answers(),
      agent: this.#agent.connection.call,
      contents: () => this.#window.contents,
      report,
    });
    app.on("second-instance", (_event, others) => this.opened(others));
    app.on("activate", () => this.#window.show());
    app.on("before-quit", () => this.#quit());
    void this.#agent.connection.run(this.#ending.signal);
    await this.#window.load(!this.#startsHidden(args));
  }

  /** Shows the window: the app was started again, or a link was clicked. */
  opened(args: readonly string[]): void {
    this.#link.offer(args);
    this.#window.show();
  }

  get #words(): Words {
    return wordsFor(this.#settings.settings.language, app.getLocale());
  }

  #answers() {
    return appAnswers({
      version: app.getVersion(),
      platform: process.platform as AppState["platform"],
      locale: () => app.getLocale(),
      socket: this.#options.socket,
      agent: this.#agent.connection,
      settings: this.#settings,
      link: this.#link,
      captures: this.#agent.captures,
      chooseFile: (suggested) => this.#chooseFile(suggested),
      copy: (text) => clipboard.writeText(text),
      open: (url) => shell.openExternal(url),
      apply: (settings) => this.#apply(settings),
      quit: () => app.quit(),
    });
  }

  /** Returns whether to start hidden. Only with a tray, because a start without any sign would confuse the user. */
  #startsHidden(args: readonly string[]): boolean {
    return (
      args.includes(HIDDEN_FLAG) &&
      this.#settings.settings.on_close === "tray" &&
      this.#link.link === undefined
    );
  }

  #open(screen: "networks" | "settings", network?: string): void {
    this.#window.show();
    this.#window.send("app.show", { screen, ...(network === undefined ? {} : { network }) });
  }

  #apply(settings: AppSettings): void {
    nativeTheme.themeSource = settings.theme;
    this.#autostart.set(settings.start_at_login);
    this.#window.send("app.settings", settings);
    this.#tray.show(this.#agent.state);
  }

  #chooseClose(): Promise<"hide" | "quit" | "stay"> {
    return closeChoice({
      settings: this.#settings,
      words: () => this.#words,
      ask: (options) => dialog.showMessageBox(options),
      changed: () => this.#apply(this.#settings.settings),
    });
  }

  async #chooseFile(suggested: string): Promise<string | undefined> {
    const words = this.#words;
    const { canceled, filePath } = await dialog.showSaveDialog({
      title: words.saveCapture,
      defaultPath: join(app.getPath("documents"), suggested),
      filters: [{ name: words.captureFiles, extensions: ["pcapng"] }],
    });
    return canceled || filePath === "" ? undefined : filePath;
  }

  #notify({ title, body }: DesktopNotification, network: string): void {
    if (!Notification.isSupported()) return;
    const notification = new Notification({ title, body, icon: this.#icons.window });
    // Electron collects notifications while they are shown, and then they can't be clicked.
    this.#notices.add(notification);
    notification.on("click", () => this.#open("networks", network));
    notification.on("close", () => this.#notices.delete(notification));
    notification.show();
  }

  #quit(): void {
    this.#window.allowClose();
    this.#ending.abort();
    this.#tray.destroy();
  }
}

/** Writes bugs to standard error, which ends in the session's journal. */
function report(error: unknown): void {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`laneway: internal error, please report it: ${text}\n`);
}
