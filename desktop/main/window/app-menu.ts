import type { MenuItemConstructorOptions } from "electron";

/**
 * Returns the application's menu, or null. macOS needs one for its shortcuts. Elsewhere the window has everything, and
 * Electron's own menu contains developer tools.
 */
export function appMenu(platform: NodeJS.Platform): MenuItemConstructorOptions[] | null {
  if (platform !== "darwin") return null;
  return [{ role: "appMenu" }, { role: "editMenu" }, { role: "windowMenu" }];
}
