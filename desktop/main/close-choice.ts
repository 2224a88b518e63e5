import type { MessageBoxOptions, MessageBoxReturnValue } from "electron";
import type { SettingsFile } from "./settings-file.ts";
import type { Words } from "./words.ts";

export interface CloseChoiceOptions {
  readonly settings: SettingsFile;
  readonly words: () => Words;
  /** Asks the user. */
  readonly ask: (options: MessageBoxOptions) => Promise<Pick<MessageBoxReturnValue, "response">>;
  /** The answer changed the settings. */
  readonly changed: () => void;
}

/**
 * Returns what closing the window does. The first time, explains what happens to the networks and asks the user. Later
 * it uses the setting.
 */
export async function closeChoice(options: CloseChoiceOptions): Promise<"hide" | "quit" | "stay"> {
  const { settings, words, ask, changed } = options;
  if (!settings.closeExplained) {
    const { closeTitle, closeMessage, closeDetail, closeToTray, closeQuit, cancel } = words();
    const { response } = await ask({
      type: "info",
      title: closeTitle,
      message: closeMessage,
      detail: closeDetail,
      buttons: [closeToTray, closeQuit, cancel],
      defaultId: 0,
      cancelId: 2,
      noLink: true,
    });
    if (response !== 0 && response !== 1) return "stay";
    settings.set({ on_close: response === 0 ? "tray" : "quit", close_explained: true });
    changed();
  }
  return settings.settings.on_close === "tray" ? "hide" : "quit";
}
