import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { Fault } from "../../shared/values/fault.ts";
import { PLAIN, type Reach } from "./reach/reach.ts";
import { request } from "./reach/request.ts";
import { problemDetails, readJson } from "./tunnel/http-answer.ts";
import { isForLogin, notARelay, Unreachable, wantsLogin } from "./tunnel/tunnel-errors.ts";

/** A resource as the API returns or takes it. */
export type Row = Readonly<Record<string, unknown>>;

/** Maximum time for a relay's answer, in milliseconds. */
const ANSWER_MS = 15_000;

/** Limits of a whole list: bytes, and pages, which may be empty. */
const LIST_BYTES = 64 * 1024 * 1024;
const MAX_PAGES = 10_000;

/** Tries, and the time between them, while an earlier request is still being processed. */
const IN_FLIGHT_TRIES = 10;
const IN_FLIGHT_MS = 1_000;

/** Error codes of a lost connection. */
const LOST: ReadonlySet<string> = new Set(["ECONNRESET", "EPIPE"]);

/** A client of a relay's administration API. */
export class AdminClient {
  readonly #relay: URL;
  readonly #token: string;
  readonly #reach: Reach;

  /** @param reach how to reach the relay; by default directly or through the environment's proxy */
  constructor(relay: URL, token: string, reach: Reach = PLAIN) {
    this.#relay = relay;
    this.#token = token;
    this.#reach = reach;
  }

  /** Returns all rows of all pages. */
  async list(path: readonly string[], query: Readonly<Record<string, string>> = {}): Promise<Row[]> {
    const rows: Row[] = [];
    const seen = new Set<string>();
    let total = 0;
    for (let cursor: string | undefined; ; ) {
      const search = { ...query, ...(cursor === undefined ? {} : { cursor }) };
      const { json, headers, bytes } = await this.#request("GET", path, { query: search });
      if (!Array.isArray(json)) throw notARelay(this.#relay, "its answer is not a list");
      total += bytes;
      if (seen.size >= MAX_PAGES || total > LIST_BYTES) throw notARelay(this.#relay, "its list has no end");
      for (const row of json) {
        if (typeof row !== "object" || row === null) throw notARelay(this.#relay, "its list has no rows");
        rows.push(row);
      }
      cursor = nextCursor(headers.get("link"));
      if (cursor === undefined) return rows;
      if (seen.has(cursor)) throw notARelay(this.#relay, "its list is endless");
      seen.add(cursor);
    }
  }

  async show(...path: string[]): Promise<Row> {
    return this.#row((await this.#request("GET", path)).json);
  }

  /** Creates a resource exactly once: after a lost connection it retries with the same idempotency key. */
  async create(body: Row, ...path: string[]): Promise<Row> {
    const key = randomUUID();
    for (let waited = 0; ; waited++) {
      try {
        return this.#row((await this.#request("POST", path, { body, key })).json);
      } catch (error) {
        // The request from before the connection was lost may still be in progress.
        const underWay = error instanceof Fault && error.code === "idempotency.in-flight";
        if (!underWay || waited >= IN_FLIGHT_TRIES) throw error;
        await delay(IN_FLIGHT_MS);
      }
    }
  }

  async change(body: Row, ...path: string[]): Promise<Row> {
    return this.#row((await this.#request("PATCH", path, { body })).json);
  }

  /** Returns the limits of a tenant or of one of its networks by name. With `change`, sets them first. */
  async limits(tenant: string, network?: string, change?: Row): Promise<Row> {
    const path = ["tenants", tenant, ...(network === undefined ? [] : ["networks", network]), "limits"];
    const answer = await (change === undefined
      ? this.#request("GET", path)
      : this.#request("PATCH", path, { body: change }));
    return this.#row(answer.json, ["network_devices"]);
  }

  async delete(...path: string[]): Promise<void> {
    await this.deleteWith({}, ...path);
  }

  /** Deletes a resource; the query narrows or widens what is deleted. */
  async deleteWith(query: Readonly<Record<string, string>>, ...path: string[]): Promise<void> {
    await this.#request("DELETE", path, { query });
  }

  /**
   * Reads an answer that is not JSON and may be endless.
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
    } catch (error) {
      throw failure(this.#relay, error);
    } finally {
      clearTimeout(timer);
    }
    if (!response.ok) {
      const { json } = await readJson(response).catch(() => ({ json: undefined }));
      throw refusal(this.#relay, response, json);
    }
    if (response.body !== null && response.headers.get("content-type") === type) {
      return response.body;
    }
    throw notARelay(this.#relay, `its answer is not ${type}`);
  }

  /** @param keys one of them must be present: every resource has a name or an ID */
  #row(answer: unknown, keys: readonly string[] = ["name", "id"]): Row {
    const isOne = typeof answer === "object" && answer !== null && keys.some((key) => key in answer);
    if (isOne) return answer as Row;
    throw notARelay(this.#relay, "its answer is not what was asked for");
  }

  /** Sends a request, and once more after a lost connection if repeating it is harmless. */
  async #request(
    method: string,
    path: readonly string[],
    { query = {}, body, key }: { query?: Readonly<Record<string, string>>; body?: Row; key?: string } = {},
  ): Promise<{ readonly json: unknown; readonly headers: Headers; readonly bytes: number }> {
    const search = new URLSearchParams(query).toString();
    const repeatable = method === "GET" || key !== undefined;
    for (let tries = 1; ; tries++) {
      const signal = AbortSignal.timeout(ANSWER_MS);
      try {
        const response = await this.#fetch(method, path, { body, search, key, signal });
        const { headers } = response;
        if (response.status === 204) return { json: undefined, headers, bytes: 0 };
        const { json, bytes } = await readJson(response);
        if (response.ok && json !== undefined) return { json, headers, bytes };
        throw refusal(this.#relay, response, json);
      } catch (error) {
        if (error instanceof Fault) throw error;
        if (!repeatable || tries > 1 || !isLost(error)) throw failure(this.#relay, error);
      }
    }
  }

  async #fetch(
    method: string,
    path: readonly string[],
    {
      body,
      search = "",
      key,
      signal,
    }: { body?: Row | undefined; search?: string; key?: string | undefined; signal: AbortSignal },
  ): Promise<Response> {
    const base = this.#relay.href.replace(/\/+$/, "");
    const url = `${base}/v1/${path.map(encodeURIComponent).join("/")}${search === "" ? "" : `?${search}`}`;
    // The token and the request are for this relay only, so redirects are not followed.
    return await request(new URL(url), this.#reach, {
      method,
      headers: {
        // A proxy in front of the relay may take the `Authorization` header, so the token goes into the other one.
        ...(this.#reach.login === undefined
          ? { authorization: `Bearer ${this.#token}` }
          : { "x-laneway-token": this.#token }),
        "content-type": "application/json",
        ...(key === undefined ? {} : { "idempotency-key": `"${key}"` }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal,
    });
  }
}

/**
 * Returns the cursor of the next page (RFC 8288). Ignores the rest of the URL, as the relay need not know its own
 * address.
 */
function nextCursor(link: string | null): string | undefined {
  const target = /<([^>]*)>\s*;\s*rel="?next"?/.exec(link ?? "")?.[1];
  if (target === undefined) return undefined;
  return URL.parse(target, "http://relay")?.searchParams.get("cursor") ?? undefined;
}

/** Returns whether a connection ended before the answer was complete. */
function isLost(error: unknown): boolean {
  return LOST.has((error as NodeJS.ErrnoException).code ?? "");
}

function failure(relay: URL, error: unknown): Fault {
  if (error instanceof Fault) return error;
  return Unreachable.from(relay, error instanceof Error ? error : new Error(String(error)));
}

function refusal(relay: URL, response: Response, json: unknown): Fault {
  if (isForLogin(response.status, response.headers.get("www-authenticate"))) return wantsLogin(relay);
  const problem = problemDetails.safeParse(json);
  if (!problem.success) return notARelay(relay, `HTTP ${response.status} to an API request`);
  const { code, detail, hint = "See the relay's log." } = problem.data;
  return new Fault({ code, message: detail, hint, exitCode: response.status === 400 ? 2 : 1 });
}
