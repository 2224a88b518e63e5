import type { WebContents, WebFrameMain } from "electron";
import { isAppUrl } from "./window/app-url.ts";

/** The sender of a call, as far as it is checked. */
export interface WindowCaller {
  readonly sender: WebContents;
  /** Null if the frame is gone. */
  readonly senderFrame: WebFrameMain | null;
}

/**
 * Returns whether a call comes from our own page: the top frame of this window, showing one of our files. A nested
 * frame, another window, or a foreign page in this window is not.
 */
export function isOwnPage({ sender, senderFrame }: WindowCaller, contents: WebContents | undefined): boolean {
  return (
    contents !== undefined &&
    sender === contents &&
    senderFrame !== null &&
    senderFrame === sender.mainFrame &&
    isAppUrl(senderFrame.url)
  );
}
