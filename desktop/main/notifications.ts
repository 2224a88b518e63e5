import { plainText } from "../../shared/values/plain-text.ts";
import type { NetworkChange } from "./agent/network-watch.ts";
import type { Words } from "./words.ts";

/** Maximum characters of a title or a text. */
const LONGEST = 512;

/** A desktop notification. */
export interface DesktopNotification {
  readonly title: string;
  readonly body: string;
}

/** Returns the notification for a change. */
export function noticeOf(change: NetworkChange, words: Words): DesktopNotification {
  const { title, body } = wordsOf(change, words);
  // Names come from other machines.
  return { title: plainText(title, LONGEST), body: plainText(body, LONGEST) };
}

function wordsOf(change: NetworkChange, words: Words): DesktopNotification {
  const name = change.network.network;
  switch (change.kind) {
    case "lost":
      return { title: words.networkLost(name), body: words.networkLostDetail };
    case "back":
      return { title: words.networkBack(name), body: change.network.address ?? "" };
    case "up":
      return { title: words.networkUp(name), body: change.network.address ?? "" };
    case "failed":
      return { title: words.networkFailed(name), body: change.why };
    case "online":
      return { title: words.memberOnline(change.peer.name), body: name };
    case "offline":
      return { title: words.memberOffline(change.peer.name), body: name };
  }
}

export interface NotifierOptions {
  readonly show: (notice: DesktopNotification, network: string) => void;
  /** Returns false if the user sees it in the window anyway, or turned notifications off. */
  readonly wanted: () => boolean;
  readonly words: () => Words;
  /** Milliseconds, never going back. */
  readonly now: () => number;
}

/**
 * Milliseconds in which the same event of a network or member is notified once, so that a flapping link does not flood
 * the desktop.
 */
const QUIET_MS = 30_000;
/** Maximum events remembered as notified. */
const REMEMBERED = 256;

/** Notifies the user of changes. */
export class Notifier {
  readonly #options: NotifierOptions;
  readonly #told = new Map<string, number>();

  constructor(options: NotifierOptions) {
    this.#options = options;
  }

  tell(change: NetworkChange): void {
    const { show, wanted, words, now } = this.#options;
    if (!wanted()) return;
    const about = change.kind === "online" || change.kind === "offline" ? change.peer.vtep : "";
    const key = [change.network.id, change.kind, about].join("\n");
    const at = now();
    const before = this.#told.get(key);
    if (before !== undefined && at - before < QUIET_MS) return;
    this.#told.delete(key);
    this.#told.set(key, at);
    const [oldest] = this.#told.keys();
    if (this.#told.size > REMEMBERED && oldest !== undefined) this.#told.delete(oldest);
    show(noticeOf(change, words()), change.network.id);
  }
}
