import type { MenuItemConstructorOptions } from "electron";

/**
 * The application's menu; null for none. macOS needs one for its keys to work, and elsewhere the window has what is needed, and
 * Electron's own menu has developer tools in it.
 */
export function appMenu(platform: NodeJS.Platform): MenuItemConstructorOptions[] | null {
  if (platform !== "darwin") return null;
  return [{ role: "appMenu" }, { role: "editMenu" }, { role: "windowMenu" }];
}
