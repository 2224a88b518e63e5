import { plainText } from "../../../shared/values/plain-text.ts";
import type { LogEntry, LogLevel } from "../../rpc/shapes.ts";

/** Entries kept for later readers. */
const KEPT = 2_000;
/** Maximum characters of a message. */
const LONGEST = 1_000;
/** Maximum characters of a code. */
const LONGEST_CODE = 128;

const LEVELS: readonly LogLevel[] = ["debug", "info", "warn", "error"];

export interface LogFilter {
  readonly level?: LogLevel | undefined;
  /** ID of a network. */
  readonly network?: string | undefined;
  /** Maximum number of entries; the newest stay. */
  readonly limit?: number | undefined;
}

/** The agent's log: the newest entries, and followers. Entries never contain secrets. */
export class AgentLog {
  #entries: LogEntry[] = [];
  #level: LogLevel;
  readonly #listeners = new Set<(entry: LogEntry) => void>();

  constructor(level: LogLevel) {
    this.#level = level;
  }

  /** The lowest level that is logged. */
  set level(level: LogLevel) {
    this.#level = level;
  }

  /** @param network ID of the network concerned */
  add(level: LogLevel, code: string, message: string, network: string | null = null): void {
    if (rank(level) < rank(this.#level)) return;
    // Some messages contain texts of relays and members, so they are cut and kept to one line.
    const at = new Date().toISOString();
    const text = plainText(message, LONGEST);
    const entry: LogEntry = { at, level, code: plainText(code, LONGEST_CODE), message: text, network };
    this.#entries.push(entry);
    // Halves the list at once, so that not every entry moves all others.
    if (this.#entries.length > KEPT * 2) this.#entries = this.#entries.slice(-KEPT);
    for (const listener of this.#listeners) listener(entry);
  }

  /** Returns entries, the newest last. */
  entries({ level = "debug", network, limit = 200 }: LogFilter): LogEntry[] {
    return this.#entries
      .filter((one) => rank(one.level) >= rank(level) && (network === undefined || one.network === network))
      .slice(-limit);
  }

  /** Adds a listener. @returns a function that removes it */
  follow(listener: (entry: LogEntry) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

function rank(level: LogLevel): number {
  return LEVELS.indexOf(level);
}
