/** Stands in for the desktop around the app: tray, menus, notifications, dialogs, clipboard, browser. */
import { existsSync } from "node:fs";
import { Events } from "./events.ts";
import { knownKeys } from "./strict.ts";

/** `nativeImage`: its file. */
export interface ImageDouble {
  readonly path: string;
}

export function imageFromPath(path: string): ImageDouble {
  // Electron makes an empty image of a missing file, and shows nothing.
  if (!existsSync(path)) throw new Error(`there is no picture at ${path}`);
  return { path };
}

export interface MenuItem {
  readonly label?: string;
  readonly type?: string;
  readonly enabled?: boolean;
  readonly click?: () => void;
}

export class MenuDouble {
  readonly items: readonly MenuItem[];

  constructor(items: readonly MenuItem[]) {
    for (const item of items) knownKeys("a menu item", item, ["label", "type", "enabled", "click"]);
    this.items = items;
  }
}

/** `Tray`. */
export class TrayDouble extends Events {
  image: ImageDouble;
  toolTip = "";
  menu: MenuDouble | undefined;
  destroyed = false;

  constructor(image: ImageDouble) {
    super("Tray", ["click"]);
    this.image = image;
  }

  setImage(image: ImageDouble): void {
    this.#alive();
    this.image = image;
  }

  setToolTip(toolTip: string): void {
    this.#alive();
    this.toolTip = toolTip;
  }

  setContextMenu(menu: MenuDouble): void {
    this.#alive();
    this.menu = menu;
  }

  destroy(): void {
    this.destroyed = true;
  }

  #alive(): void {
    if (this.destroyed) throw new TypeError("Tray is destroyed");
  }
}

export interface NotificationOptions {
  readonly title: string;
  readonly body: string;
}

/** `Notification`. */
export class NotificationDouble extends Events {
  readonly options: NotificationOptions;
  readonly #shown: (one: NotificationDouble) => void;

  constructor(options: NotificationOptions, shown: (one: NotificationDouble) => void) {
    super("Notification", ["click", "close"]);
    knownKeys("a notification", options, ["title", "body", "icon"]);
    this.options = options;
    this.#shown = shown;
  }

  show(): void {
    this.#shown(this);
  }
}

/** The user's answers to dialogs, given beforehand; a dialog without an answer is closed. */
export class DialogsDouble {
  readonly asked: object[] = [];
  readonly #responses: number[] = [];

  /** Presses the button with this index in the next dialog. */
  answer(response: number): void {
    this.#responses.push(response);
  }

  async showMessageBox(options: {
    cancelId: number;
  }): Promise<{ response: number; checkboxChecked: boolean }> {
    knownKeys("a message box", options, [
      "type",
      "title",
      "message",
      "detail",
      "buttons",
      "defaultId",
      "cancelId",
      "noLink",
    ]);
    this.asked.push(options);
    return { response: this.#responses.shift() ?? options.cancelId, checkboxChecked: false };
  }
}
