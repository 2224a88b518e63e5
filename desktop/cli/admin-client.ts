import { readFileSync } from "node:fs";
import { type Command, Option } from "commander";
import { Fault, usage } from "../../shared/fault.ts";
import { notARelay } from "../agent/tunnel-errors.ts";
import type { Row } from "./output.ts";
import { parseRelayUrl } from "./relay-url.ts";

/** How long a relay may take to answer, in milliseconds. */
const ANSWER_MS = 15_000;

/** What every administration command takes. */
export interface AdminOptions {
  readonly relay?: string;
  readonly adminTokenFile?: string;
  readonly tenant: string;
  readonly json?: boolean;
}

/** Adds what every administration command takes. */
export function adminOptions(command: Command): Command {
  return command
    .addOption(new Option("--relay <url>", "the relay to administer").env("LANEWAY_RELAY"))
    .option(
      "--admin-token-file <file>",
      "its administrator's token (or LANEWAY_ADMIN_TOKEN, the token itself)",
    )
    .option("--json", "print JSON, one object per line");
}

/** Adds `--tenant`. */
export function tenantOption(command: Command): Command {
  return command.option("--tenant <name>", "the tenant", "default");
}

/** Speaks a relay's administration API. */
export class AdminClient {
  readonly #relay: URL;
  readonly #token: string;

  constructor(relay: URL, token: string) {
    this.#relay = relay;
    this.#token = token;
  }

  /** @throws Fault where relay or token are not named, or the file can't be read */
  static from(options: AdminOptions): AdminClient {
    if (options.relay === undefined) {
      throw usage("usage.relay", "no relay is named", "Name it with --relay URL, or set LANEWAY_RELAY.");
    }
    return new AdminClient(parseRelayUrl(options.relay), adminToken(options.adminTokenFile));
  }

  async list(path: readonly string[], query: Readonly<Record<string, string>> = {}): Promise<Row[]> {
    const rows = await this.#request("GET", path, undefined, new URLSearchParams(query).toString());
    if (Array.isArray(rows)) return rows;
    throw notARelay(this.#relay, "its answer is not a list");
  }

  async show(...path: string[]): Promise<Row> {
    return this.#row(await this.#request("GET", path));
  }

  async create(body: Row, ...path: string[]): Promise<Row> {
    return this.#row(await this.#request("POST", path, body));
  }

  async change(body: Row, ...path: string[]): Promise<Row> {
    return this.#row(await this.#request("PATCH", path, body));
  }

  async delete(...path: string[]): Promise<void> {
    await this.deleteWith({}, ...path);
  }

  /** Deletes what a query widens or narrows. */
  async deleteWith(query: Readonly<Record<string, string>>, ...path: string[]): Promise<void> {
    await this.#request("DELETE", path, undefined, new URLSearchParams(query).toString());
  }

  /**
   * What is no JSON, and may go on and on.
   *
   * @param type its media type
   * @param signal ends it
   */
  async stream(
    path: readonly string[],
    query: Readonly<Record<string, string>>,
    type: string,
    signal: AbortSignal,
  ): Promise<ReadableStream<Uint8Array>> {
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(new Error("no answer in time")), ANSWER_MS);
    let response: Response;
    try {
      const search = new URLSearchParams(query).toString();
      response = await this.#fetch("GET", path, { search, signal: AbortSignal.any([signal, late.signal]) });
    } finally {
      clearTimeout(timer);
    }
    if (!response.ok) {
      throw refusal(this.#relay, response, await response.json().catch(() => undefined));
    }
    if (response.body !== null && response.headers.get("content-type") === type) {
      return response.body;
    }
    throw notARelay(this.#relay, `its answer is not ${type}`);
  }

  #row(answer: unknown): Row {
    // Everything that is administered has a name or an id.
    if (typeof answer === "object" && answer !== null && ("name" in answer || "id" in answer))
      return answer as Row;
    throw notARelay(this.#relay, "its answer is not what was asked for");
  }

  async #request(method: string, path: readonly string[], body?: Row, search = ""): Promise<unknown> {
    const response = await this.#fetch(method, path, {
      body,
      search,
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    if (response.status === 204) return undefined;
    const json: unknown = await response.json().catch(() => undefined);
    if (response.ok && json !== undefined) return json;
    throw refusal(this.#relay, response, json);
  }

  async #fetch(
    method: string,
    path: readonly string[],
    { body, search = "", signal }: { body?: Row | undefined; search?: string; signal: AbortSignal },
  ): Promise<Response> {
    const base = this.#relay.href.replace(/\/+$/, "");
    const url = `${base}/v1/${path.map(encodeURIComponent).join("/")}${search === "" ? "" : `?${search}`}`;
    try {
      return await fetch(url, {
        method,
        headers: { authorization: `Bearer ${this.#token}`, "content-type": "application/json" },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal,
      });
    } catch (error) {
      throw unreachable(this.#relay, error);
    }
  }
}

function adminToken(file: string | undefined): string {
  const given = process.env["LANEWAY_ADMIN_TOKEN"];
  if (file === undefined) {
    if (given !== undefined && given.trim() !== "") return given.trim();
    throw usage(
      "usage.admin-token",
      "no administrator's token is named",
      "Name its file with --admin-token-file (the relay printed it when it started), or set LANEWAY_ADMIN_TOKEN.",
    );
  }
  try {
    return readFileSync(file, "utf8").trim();
  } catch (error) {
    throw new Fault({
      code: "admin.token-file",
      message: `the administrator's token file '${file}' can't be read: ${error instanceof Error ? error.message : error}`,
      hint: "Name the admin.token in the relay's data directory, as a user who may read it.",
      cause: error,
    });
  }
}

function unreachable(relay: URL, error: unknown): Fault {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code =
    (cause as NodeJS.ErrnoException).code ?? (cause instanceof Error ? cause.message : String(cause));
  return new Fault({
    code: "relay.unreachable",
    message: `can't reach ${relay.href} (${code})`,
    hint: "Check that the relay runs and that the URL is the one it printed.",
    cause: error,
  });
}

function refusal(relay: URL, response: Response, json: unknown): Fault {
  const problem = json as { code?: unknown; detail?: unknown; hint?: unknown } | undefined;
  if (typeof problem?.code !== "string" || typeof problem.detail !== "string") {
    return notARelay(relay, `HTTP ${response.status} to an API request`);
  }
  return new Fault({
    code: problem.code,
    message: problem.detail,
    hint: typeof problem.hint === "string" ? problem.hint : "See the relay's log.",
    exitCode: response.status === 400 ? 2 : 1,
  });
}
