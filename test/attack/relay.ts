import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import type { Framing } from "../../system/websocket/framing.ts";
import { residentBytes } from "../bench/machine/processes.ts";

const REPOSITORY = join(import.meta.dirname, "../..");
const START_MS = 60_000;
const STOP_MS = 20_000;
const ANSWER_MS = 60_000;
/** pino's level of errors, which the relay uses for its own bugs. */
const ERROR_LEVEL = 50;
const ERRORS_KEPT = 10;
const ERROR_CHARACTERS = 1_000;

export interface RelayOptions {
  readonly framing: Framing;
  /** PEM files, for TLS. */
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
  readonly data: string;
  /** Further arguments of `laneway relay`. */
  readonly args: readonly string[];
  /** Further variables of its environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Words before its command. */
  readonly before: readonly string[];
}

/** A relay in a process that ends with this one. */
export class AttackedRelay implements AsyncDisposable {
  readonly url: URL;
  readonly pid: number;
  /** The errors that it logged, and its other output, such as the stack of an uncaught error. */
  readonly errors: string[];
  readonly #child: ChildProcess;
  readonly #adminToken: string;
  readonly #ended: Promise<void>;

  private constructor(child: ChildProcess, line: string, errors: string[], ended: Promise<void>) {
    const { url, admin_token_file } = JSON.parse(line) as Record<string, string>;
    this.url = new URL(url ?? "");
    this.pid = child.pid ?? 0;
    this.#adminToken = readFileSync(admin_token_file ?? "", "utf8").trim();
    this.errors = errors;
    this.#child = child;
    this.#ended = ended;
  }

  static async start({ framing, tls, data, args, env, before }: RelayOptions): Promise<AttackedRelay> {
    const files = tls === undefined ? [] : ["--tls-cert", tls.cert, "--tls-key", tls.key];
    const own = [
      "--json",
      "--listen",
      "127.0.0.1:0",
      "--data",
      data,
      "--websocket",
      framing,
      ...files,
      ...args,
    ];
    const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith("LANEWAY_"));
    // The kernel ends the relay if this process is killed.
    const command = [
      "setpriv",
      "--pdeathsig",
      "KILL",
      "--",
      process.execPath,
      "bin/laneway.js",
      "relay",
      ...own,
    ];
    const [first = "", ...rest] = [...before, ...command];
    const child = spawn(first, rest, {
      cwd: REPOSITORY,
      env: { ...Object.fromEntries(inherited), NO_COLOR: "1", ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const errors: string[] = [];
    let stack = "";
    createInterface({ input: child.stderr }).on("line", (line) => {
      if (line.trim() === "") return;
      const kind = kindOf(line);
      // The lines of a stack count as one error.
      if (kind === "text" && stack !== "")
        errors[errors.length - 1] = `${stack} ${line.trim()}`.slice(0, ERROR_CHARACTERS);
      else if (kind !== "log" && errors.length < ERRORS_KEPT) errors.push(line.slice(0, ERROR_CHARACTERS));
      stack = kind === "text" ? (errors.at(-1) ?? "") : "";
    });
    const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
    const line = await new Promise<string>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error("the relay did not start")), START_MS);
      createInterface({ input: child.stdout }).once("line", (first) => {
        clearTimeout(timer);
        resolve(first);
      });
      void ended.then(() => reject(new Error(`the relay ended: ${errors.join("\n")}`)));
    }).catch((error: unknown) => {
      child.kill("SIGKILL");
      throw error;
    });
    return new AttackedRelay(child, line, errors, ended);
  }

  get isAlive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Its exit code or signal. */
  get end(): string {
    return this.#child.signalCode ?? `exit code ${this.#child.exitCode}`;
  }

  /** Settles when the relay has ended. */
  get ended(): Promise<void> {
    return this.#ended;
  }

  /** Returns its resident memory in bytes; undefined once it has ended. */
  get residentBytes(): number | undefined {
    try {
      return residentBytes(this.pid);
    } catch {
      return undefined;
    }
  }

  /** Returns the milliseconds that its threads have waited for a processor (/proc/PID/schedstat). */
  get waitedMs(): number {
    try {
      return Number(readFileSync(`/proc/${this.pid}/schedstat`, "utf8").split(" ")[1]) / 1e6;
    } catch {
      return Number.NaN;
    }
  }

  /**
   * Sends a request as the relay's administrator; resolves to the object in the answer.
   *
   * @throws Error if the relay refuses it
   */
  async must<Answer = unknown>(method: string, path: string, body?: unknown): Promise<Answer> {
    const send = this.url.protocol === "https:" ? requestHttps : requestHttp;
    const { status, said } = await new Promise<{ status: number; said: string }>((resolve, reject) => {
      const request = send(new URL(`/v1${path}`, this.url), {
        method,
        headers: { authorization: `Bearer ${this.#adminToken}`, "content-type": "application/json" },
        rejectUnauthorized: false,
        signal: AbortSignal.timeout(ANSWER_MS),
        agent: false,
      });
      request.once("response", (incoming) => {
        text(incoming).then((said) => resolve({ status: incoming.statusCode ?? 0, said }), reject);
      });
      request.once("error", reject);
      request.end(body === undefined ? undefined : JSON.stringify(body));
    });
    if (status >= 300) throw new Error(`${method} ${path}: ${status} ${said}`);
    return (said === "" ? undefined : JSON.parse(said)) as Answer;
  }

  /** Stops the relay with SIGTERM, and by force if that takes too long. */
  async stop(): Promise<void> {
    this.#child.kill("SIGTERM");
    const force = setTimeout(() => this.#child.kill("SIGKILL"), STOP_MS);
    await this.#ended;
    clearTimeout(force);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#ended;
  }
}

/** Returns the kind of a line: a log entry, an error in the log, or text, such as of a stack. */
function kindOf(line: string): "log" | "error" | "text" {
  try {
    const { level } = JSON.parse(line) as { level?: number };
    return level === undefined || level >= ERROR_LEVEL ? "error" : "log";
  } catch {
    return "text";
  }
}
