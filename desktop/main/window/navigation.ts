import type { WebContents } from "electron";

/** What of a window's contents is locked. */
export type LockableContents = Pick<WebContents, "on" | "setWindowOpenHandler">;

/**
 * Keeps contents where they were loaded: they go nowhere, open no window and hold no webview. Links out are opened in the
 * user's browser, by name (external-pages.ts), and never by following them.
 */
export function lockContents(contents: LockableContents): void {
  contents.on("will-navigate", (event) => event.preventDefault());
  contents.on("will-frame-navigate", (event) => event.preventDefault());
  contents.on("will-redirect", (event) => event.preventDefault());
  contents.on("will-attach-webview", (event) => event.preventDefault());
  contents.setWindowOpenHandler(() => ({ action: "deny" }));
}
