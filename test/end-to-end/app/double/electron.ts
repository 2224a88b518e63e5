// The module `electron` on this machine: the part that the app uses, over Chromium. Anything else throws.

import { BrowserWindowDouble, type BrowserWindowOptions } from "./browser-window.ts";
import {
  type ImageDouble,
  imageFromPath,
  MenuDouble,
  type MenuItem,
  NotificationDouble,
  type NotificationOptions,
  TrayDouble,
} from "./desktop.ts";
import {
  app as appDouble,
  chromium,
  desktop,
  ipc,
  place,
  protocolDouble,
  sessionDouble,
  windows,
} from "./parts.ts";
import { strict } from "./strict.ts";

export const app = strict("app", appDouble);
export const protocol = strict("protocol", protocolDouble);
export const ipcMain = strict("ipcMain", ipc);
export const session = strict("session", { defaultSession: strict("session", sessionDouble) });
export const dialog = strict("dialog", desktop.dialogs);

export const clipboard = strict("clipboard", {
  writeText: (text: string) => {
    desktop.clipboard = text;
  },
});

export const shell = strict("shell", {
  openExternal: async (url: string) => {
    desktop.opened.push(url);
  },
});

export const nativeImage = strict("nativeImage", { createFromPath: imageFromPath });

export const nativeTheme = strict("nativeTheme", {
  set themeSource(theme: "system" | "light" | "dark") {
    desktop.theme = theme;
    for (const { contents } of windows) void contents.setColours(theme === "system" ? null : theme);
  },
});

export const Menu = strict("Menu", {
  setApplicationMenu: (_menu: MenuDouble | null) => {},
  buildFromTemplate: (items: readonly MenuItem[]) => new MenuDouble(items),
});

// Callers use `new`: a function that returns an object yields that object.
export const BrowserWindow = function BrowserWindow(options: BrowserWindowOptions) {
  if (!appDouble.isReady()) throw new Error("Cannot create BrowserWindow before app is ready");
  const { packaged } = place;
  const window = new BrowserWindowDouble(options, {
    chromium,
    ipc,
    packaged,
    sandboxed: appDouble.sandboxed,
  });
  windows.push(window);
  appDouble.emit("web-contents-created", {}, window.contents.exported);
  return strict("BrowserWindow", window);
};

export const Tray = function Tray(image: ImageDouble) {
  const tray = new TrayDouble(image);
  desktop.trays.push(tray);
  return strict("Tray", tray);
};

export const Notification = Object.assign(
  function Notification(options: NotificationOptions) {
    return strict(
      "Notification",
      new NotificationDouble(options, (shown) => desktop.notifications.push(shown)),
    );
  },
  { isSupported: () => true },
);
