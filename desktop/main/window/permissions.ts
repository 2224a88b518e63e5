import type { Session } from "electron";
import { isAppUrl } from "./app-url.ts";

/** The part of a session that is locked. */
export type LockableSession = Pick<
  Session,
  | "setPermissionRequestHandler"
  | "setPermissionCheckHandler"
  | "setDevicePermissionHandler"
  | "setDisplayMediaRequestHandler"
  | "webRequest"
  | "on"
>;

/**
 * Denies a session everything that a page could ask for: permissions, devices, the screen, downloads, and requests for
 * anything but the window's own files. The window needs none of it.
 */
export function lockSession(session: LockableSession): void {
  session.setPermissionRequestHandler((_contents, _permission, callback) => callback(false));
  session.setPermissionCheckHandler(() => false);
  session.setDevicePermissionHandler(() => false);
  session.setDisplayMediaRequestHandler((_request, callback) => callback(null));
  session.on("will-download", (event) => event.preventDefault());
  session.webRequest.onBeforeRequest(({ url }, callback) => callback({ cancel: !isOwn(url) }));
}

/** The developer tools are part of the program; releases disable them (see main-window.ts). */
function isOwn(url: string): boolean {
  return isAppUrl(url) || url.startsWith("data:image/") || url.startsWith("devtools://");
}
