import { plainText } from "../../../shared/values/plain-text.ts";
import type { LogEntry, LogLevel } from "../../rpc/shapes.ts";

/** Entries kept to look back at. */
const KEPT = 2_000;
/** Characters of one. */
const LONGEST = 1_000;
/** Characters of its code. */
const LONGEST_CODE = 128;

const LEVELS: readonly LogLevel[] = ["debug", "info", "warn", "error"];

export interface LogFilter {
  readonly level?: LogLevel | undefined;
  /** The id of a network. */
  readonly network?: string | undefined;
  /** The newest so many. */
  readonly limit?: number | undefined;
}

/** What the agent did: the newest entries, and whoever follows. Nobody puts a secret in. */
export class AgentLog {
  #entries: LogEntry[] = [];
  #level: LogLevel;
  readonly #listeners = new Set<(entry: LogEntry) => void>();

  constructor(level: LogLevel) {
    this.#level = level;
  }

  /** The least that is taken. */
  set level(level: LogLevel) {
    this.#level = level;
  }

  /** @param network the id of the one that it is about */
  add(level: LogLevel, code: string, message: string, network: string | null = null): void {
    if (rank(level) < rank(this.#level)) return;
    // What relays and members say is in some of them: one line, and not without end.
    const at = new Date().toISOString();
    const text = plainText(message, LONGEST);
    const entry: LogEntry = { at, level, code: plainText(code, LONGEST_CODE), message: text, network };
    this.#entries.push(entry);
    // By halves, so that not every entry moves all others.
    if (this.#entries.length > KEPT * 2) this.#entries = this.#entries.slice(-KEPT);
    for (const listener of this.#listeners) listener(entry);
  }

  /** The newest last. */
  entries({ level = "debug", network, limit = 200 }: LogFilter): LogEntry[] {
    return this.#entries
      .filter((one) => rank(one.level) >= rank(level) && (network === undefined || one.network === network))
      .slice(-limit);
  }

  /** @returns what ends it */
  follow(listener: (entry: LogEntry) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

function rank(level: LogLevel): number {
  return LEVELS.indexOf(level);
}
