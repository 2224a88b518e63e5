import type { WebContents, WebFrameMain } from "electron";
import { isAppUrl } from "./window/app-url.ts";

/** Who calls, as far as it is looked at. */
export interface Caller {
  readonly sender: WebContents;
  /** Null where the frame went away since. */
  readonly senderFrame: WebFrameMain | null;
}

/**
 * Whether a call comes from our own page: the topmost frame of this window, showing one of our files. A frame within it, another
 * window, or a page that got there despite all locks is not.
 */
export function isOwnPage({ sender, senderFrame }: Caller, contents: WebContents | undefined): boolean {
  return (
    contents !== undefined &&
    sender === contents &&
    senderFrame !== null &&
    senderFrame === sender.mainFrame &&
    isAppUrl(senderFrame.url)
  );
}
