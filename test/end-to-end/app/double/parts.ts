/** The one app of this process, and its surroundings. */
import { AppDouble } from "./app.ts";
import type { BrowserWindowDouble } from "./browser-window.ts";
import { ChromiumDouble } from "./chromium.ts";
import { DialogsDouble, type NotificationDouble, type TrayDouble } from "./desktop.ts";
import { IpcMainDouble } from "./ipc-main.ts";
import { readPlace } from "./place.ts";
import { ProtocolDouble } from "./protocol.ts";
import { SessionDouble } from "./session.ts";

export const place = readPlace();
export const windows: BrowserWindowDouble[] = [];
export const ipc = new IpcMainDouble();
export const sessionDouble = new SessionDouble();
export const protocolDouble: ProtocolDouble = new ProtocolDouble(() => app.isReady());
export const chromium = new ChromiumDouble(protocolDouble, sessionDouble);

export const desktop = {
  trays: [] as TrayDouble[],
  notifications: [] as NotificationDouble[],
  dialogs: new DialogsDouble(),
  opened: [] as string[],
  clipboard: "",
  theme: "system" as "system" | "light" | "dark",
};

export const app: AppDouble = new AppDouble(place, {
  start: () => chromium.start(place.devtools),
  closeAll: () => windows.every((window) => window.close()),
  stop: () => chromium.stop(),
});
