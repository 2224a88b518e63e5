import type { WebContents } from "electron";

/** The part of a window's contents that is locked. */
export type LockableContents = Pick<WebContents, "on" | "setWindowOpenHandler">;

/**
 * Keeps contents where they were loaded: they can't navigate, open windows or hold webviews. External pages open in the
 * user's browser by name (external-pages.ts), never by following a link.
 */
export function lockContents(contents: LockableContents): void {
  contents.on("will-navigate", (event) => event.preventDefault());
  contents.on("will-frame-navigate", (event) => event.preventDefault());
  contents.on("will-redirect", (event) => event.preventDefault());
  contents.on("will-attach-webview", (event) => event.preventDefault());
  contents.setWindowOpenHandler(() => ({ action: "deny" }));
}
