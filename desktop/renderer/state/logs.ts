import { type ReadonlySignal, signal } from "@preact/signals";
import type { Bridge } from "../../rpc/bridge.ts";
import type { LogEntry, LogLevel } from "../../rpc/shapes.ts";

/** Greatest number of lines kept; the agent keeps more. */
const LINES = 1_000;

const LEVELS: readonly LogLevel[] = ["debug", "info", "warn", "error"];

/** Which lines of a log to show. */
export interface LogFilter {
  /** The least severe level shown. */
  readonly level: LogLevel;
  /** A text that each line must contain, in any case. */
  readonly text: string;
}

/** The agent's log, newest last. */
export class Logs {
  readonly #bridge: Bridge;
  readonly #entries = signal<readonly LogEntry[]>([]);
  readonly filter = signal<LogFilter>({ level: "info", text: "" });

  constructor(bridge: Bridge) {
    this.#bridge = bridge;
    bridge.on("log", (entry) => {
      this.#entries.value = [...this.#entries.value.slice(1 - LINES), entry];
    });
  }

  get entries(): ReadonlySignal<readonly LogEntry[]> {
    return this.#entries;
  }

  async refresh(): Promise<void> {
    const answer = await this.#bridge.call("logs", { level: "debug", limit: LINES });
    if (answer.ok) this.#entries.value = answer.result.entries;
  }
}

/** Returns the lines that pass the filter. */
export function passing(entries: readonly LogEntry[], { level, text }: LogFilter): readonly LogEntry[] {
  const least = LEVELS.indexOf(level);
  const wanted = text.trim().toLowerCase();
  return entries.filter(
    (entry) =>
      LEVELS.indexOf(entry.level) >= least &&
      (wanted === "" || `${entry.code} ${entry.message}`.toLowerCase().includes(wanted)),
  );
}
