import type { ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import { Fault } from "../../../shared/values/fault.ts";

/** A line that a `laneway` command prints with `--json`; `event` is the name of an event. */
export type JsonLine = { event?: string; [field: string]: unknown };

const WAIT_MS = 30_000;
const GRACE_MS = 5_000;
/** Limits of the kept output, because a command may run for long. */
const MOST_LINES = 10_000;
const ERROR_CHARACTERS = 8_000;

/** A running command that prints one JSON object per line; callers can wait for lines. */
export class JsonProcess implements AsyncDisposable {
  readonly child: ChildProcess;
  /** The last 10,000 lines, oldest first. */
  readonly lines: JsonLine[] = [];
  /** Resolves at its end to the exit code, or null if a signal ended it. */
  readonly ended: Promise<number | null>;
  #stderr = "";
  #hasEnded = false;
  readonly #name: string;
  readonly #watchers = new Set<() => void>();

  /**
   * @param child spawned with pipes for stdout and stderr
   * @param name its name in errors, such as `laneway relay`
   */
  constructor(child: ChildProcess, name: string) {
    this.child = child;
    this.#name = name;
    if (child.stdout) createInterface({ input: child.stdout }).on("line", (line) => this.#add(line));
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-ERROR_CHARACTERS);
    });
    this.ended = new Promise((resolve) => {
      child.once("error", (error) => {
        this.#stderr += error.message;
      });
      child.once("close", (code) => {
        this.#hasEnded = true;
        resolve(code);
        this.#notify();
      });
    });
  }

  /** The end of its standard error. */
  get stderr(): string {
    return this.#stderr;
  }

  /**
   * Resolves to the first line, from number `from` on, that `matches`.
   *
   * @throws Fault `lab.ended-early` if the command ends before, `lab.timeout` after `timeout` ms (30 s by default)
   */
  async waitFor(
    matches: (line: JsonLine) => boolean,
    options: { signal?: AbortSignal | undefined; timeout?: number; from?: number } = {},
  ): Promise<JsonLine> {
    const timeout = AbortSignal.timeout(options.timeout ?? WAIT_MS);
    const signal = options.signal ? AbortSignal.any([options.signal, timeout]) : timeout;
    for (;;) {
      const line = this.lines.slice(options.from ?? 0).find(matches);
      if (line) return line;
      options.signal?.throwIfAborted();
      if (this.#hasEnded) throw this.#fault("lab.ended-early", "ended before it was ready");
      if (timeout.aborted) throw this.#fault("lab.timeout", "was not ready in time");
      await this.#change(signal);
    }
  }

  /** Waits for an event by name; see {@link waitFor}. */
  event(
    name: string,
    options: { signal?: AbortSignal | undefined; timeout?: number; from?: number } = {},
  ): Promise<JsonLine> {
    return this.waitFor((line) => line.event === name, options);
  }

  /** Sends a signal, waits for the end, and resolves to the exit code; kills the command after 5 s. */
  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<number | null> {
    this.child.kill(signal);
    const force = setTimeout(() => this.child.kill("SIGKILL"), GRACE_MS);
    try {
      return await this.ended;
    } finally {
      clearTimeout(force);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #add(text: string): void {
    if (text.trim() === "") return;
    this.lines.push(parse(text));
    if (this.lines.length > MOST_LINES) this.lines.shift();
    this.#notify();
  }

  #notify(): void {
    for (const watcher of [...this.#watchers]) watcher();
  }

  #change(signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const done = (): void => {
      this.#watchers.delete(done);
      signal.removeEventListener("abort", done);
      resolve();
    };
    this.#watchers.add(done);
    signal.addEventListener("abort", done);
    if (signal.aborted) done();
    return promise;
  }

  #fault(code: string, what: string): Fault {
    const said = this.#stderr.trim().split("\n").slice(-2).join("; ");
    return new Fault({
      code,
      message: `${this.#name} ${what}${said ? `: ${said}` : ""}`,
      hint: "run the command by itself to see its whole output",
    });
  }
}

/** Parses a line; one that is not a JSON object becomes `{text}`, so that it stays visible. */
export function parse(text: string): JsonLine {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null) return value as JsonLine;
  } catch {
    // Reported below.
  }
  return { text };
}
