/** The test's actions as the app's user, and its view of the desktop: called over the process's channel. */
import { app, chromium, desktop, windows } from "./parts.ts";

const commands = {
  desktop: () => ({
    window: windows.map((window) => ({
      visible: window.isVisible(),
      focused: window.isFocused(),
      destroyed: window.isDestroyed(),
      url: window.contents.getURL(),
    }))[0],
    tray: desktop.trays.map(({ toolTip, image, menu }) => ({
      toolTip,
      image: image.path,
      items: (menu?.items ?? []).map(({ label = "-", enabled = true }) => ({ label, enabled })),
    }))[0],
    notifications: desktop.notifications.map(({ options: { title, body } }) => ({ title, body })),
    dialogs: desktop.dialogs.asked,
    opened: desktop.opened,
    clipboard: desktop.clipboard,
    theme: desktop.theme,
    refused: chromium.refused,
    tried: windows.flatMap((window) => window.contents.tried),
  }),
  clickTray: (label: string) => {
    const item = desktop.trays[0]?.menu?.items.find((one) => one.label === label);
    if (item?.click === undefined) throw new Error(`there is no '${label}' in the tray's menu`);
    item.click();
  },
  answerDialog: (response: number) => desktop.dialogs.answer(response),
  closeWindow: () => {
    windows[0]?.close();
  },
  lookElsewhere: () => windows[0]?.blur(),
  quit: () => app.quit(),
} as const;

export type Commands = typeof commands;
export type Command = keyof Commands;

/** Runs the test's commands. */
export function serveUser(): void {
  process.on("message", (message: { id: number; command: Command; args: never[] }) => {
    const { id, command, args } = message;
    try {
      const run = commands[command] as (...given: never[]) => unknown;
      process.send?.({ id, result: run(...args) ?? null });
    } catch (error) {
      process.send?.({ id, error: error instanceof Error ? error.message : String(error) });
    }
  });
  // The channel to the test does not keep the app alive; it ends with the test's process.
  process.channel?.unref();
  process.on("disconnect", () => process.exit(1));
}
