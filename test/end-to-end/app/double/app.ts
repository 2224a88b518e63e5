import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Events, makeEvent } from "./events.ts";
import type { Place } from "./place.ts";
import { requestLock } from "./single-instance.ts";

const EVENTS = [
  "ready",
  "before-quit",
  "will-quit",
  "quit",
  "activate",
  "open-url",
  "second-instance",
  "web-contents-created",
  "window-all-closed",
];

/** An app's needs from Chromium, and what must be told of its end. */
export interface AppHooks {
  /** Reaches Chromium. */
  readonly start: () => Promise<void>;
  /** Asks every window to close; false if one stays. */
  readonly closeAll: () => boolean;
  readonly stop: () => Promise<void>;
}

/** `app`. */
export class AppDouble extends Events {
  readonly #place: Place;
  readonly #hooks: AppHooks;
  readonly #metadata: { name: string; productName?: string; version: string };
  #ready: Promise<void> | undefined;
  #isReady = false;
  #quitting = false;
  #locked = false;
  sandboxed = false;

  constructor(place: Place, hooks: AppHooks) {
    super("app", EVENTS);
    this.#place = place;
    this.#hooks = hooks;
    this.#metadata = JSON.parse(readFileSync(join(place.appPath, "package.json"), "utf8"));
    mkdirSync(place.userData, { recursive: true });
  }

  get isPackaged(): boolean {
    return this.#place.packaged;
  }

  isReady(): boolean {
    return this.#isReady;
  }

  whenReady(): Promise<void> {
    this.#ready ??= this.#start();
    return this.#ready;
  }

  enableSandbox(): void {
    if (this.#isReady) throw new Error("app.enableSandbox() can only be called before app is ready");
    this.sandboxed = true;
  }

  requestSingleInstanceLock(): boolean {
    this.#locked ||= requestLock(this.#place.userData, (argv) => {
      this.emit("second-instance", makeEvent({}), argv, process.cwd());
    });
    return this.#locked;
  }

  getName(): string {
    return this.#metadata.productName ?? this.#metadata.name;
  }

  getVersion(): string {
    return this.#metadata.version;
  }

  getLocale(): string {
    return this.#place.locale;
  }

  getAppPath(): string {
    return this.#place.appPath;
  }

  getPath(name: string): string {
    const { userData, home } = this.#place;
    const paths: Record<string, string> = {
      userData,
      home,
      documents: join(home, "Documents"),
      exe: "/opt/Laneway/laneway-desktop",
    };
    const path = paths[name];
    if (path === undefined) throw new Error(`the double of electron does not know the path '${name}'`);
    return path;
  }

  quit(): void {
    if (this.#quitting) return;
    const event = makeEvent({});
    this.emit("before-quit", event);
    if (event.defaultPrevented) return;
    if (this.#isReady && !this.#hooks.closeAll()) return;
    this.#quitting = true;
    this.emit("will-quit", makeEvent({}));
    this.emit("quit", makeEvent({}), 0);
    void this.#hooks.stop().finally(() => process.exit(0));
  }

  /** The importing module runs to its end first, as in Electron. */
  async #start(): Promise<void> {
    await new Promise<void>((resolve) => setImmediate(resolve));
    await this.#hooks.start();
    this.#isReady = true;
    this.emit("ready");
  }
}
