import { readFileSync } from "node:fs";
import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import type { Framing } from "../../system/websocket/framing.ts";
import { residentBytes } from "../bench/machine/processes.ts";
import { RelayProcess } from "../support/relay/relay-process.ts";

const LANEWAY = join(import.meta.dirname, "../../bin/laneway.js");
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

/** A relay that is attacked. */
export class AttackedRelay implements AsyncDisposable {
  readonly url: URL;
  /** The errors that it logged, and its other output, such as the stack of an uncaught error. */
  readonly errors: string[];
  readonly #relay: RelayProcess;
  readonly #adminToken: string;

  private constructor(relay: RelayProcess, errors: string[]) {
    this.url = new URL(relay.url);
    this.errors = errors;
    this.#relay = relay;
    this.#adminToken = relay.adminToken;
  }

  static async start({ framing, tls, data, args, env, before }: RelayOptions): Promise<AttackedRelay> {
    const files = tls === undefined ? [] : ["--tls-cert", tls.cert, "--tls-key", tls.key];
    // The kernel ends the relay if this process is killed.
    const [command = "", ...rest] = [...before, "setpriv", "--pdeathsig", "KILL", "--", process.execPath];
    const runtime = { name: "Node", command, args: [...rest, LANEWAY, "relay"] };
    const errors: string[] = [];
    const relay = await RelayProcess.start(runtime, {
      data,
      args: ["--websocket", framing, ...files, ...args],
      env,
      logged: collector(errors),
    });
    return new AttackedRelay(relay, errors);
  }

  get pid(): number {
    return this.#relay.pid;
  }

  get isAlive(): boolean {
    return this.#relay.isAlive;
  }

  /** Settles when the relay has ended, with its exit code or signal. */
  get ended(): Promise<string> {
    return this.#relay.ended.then(({ code, signal }) => signal ?? `exit code ${code}`);
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

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#relay[Symbol.asyncDispose]();
  }
}

/** Returns a function that takes the lines of a relay's log and adds its first errors to a list. */
function collector(errors: string[]): (line: string) => void {
  let stack = "";
  return (line) => {
    if (line.trim() === "") return;
    const kind = kindOf(line);
    // The lines of a stack count as one error.
    if (kind === "text" && stack !== "")
      errors[errors.length - 1] = `${stack} ${line.trim()}`.slice(0, ERROR_CHARACTERS);
    else if (kind !== "log" && errors.length < ERRORS_KEPT) errors.push(line.slice(0, ERROR_CHARACTERS));
    stack = kind === "text" ? (errors.at(-1) ?? "") : "";
  };
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
