/** A typed client of a relay's API: its paths, requests and answers are those of {@link ROUTES}. */
import type { z } from "zod";
import { Fault } from "../values/fault.ts";
import { fillPath, type PathParameters } from "./path.ts";
import type { Method, ROUTES } from "./routes.ts";

type Routes = typeof ROUTES;

/** The paths whose methods have the given schemas. */
type PathWith<Shape> = { [Path in keyof Routes]: Routes[Path] extends Shape ? Path : never }[keyof Routes];

export type ListPath = PathWith<{ get: { row: z.ZodType } }>;
export type ShowPath = PathWith<{ get: { answer: z.ZodType } }>;
export type CreatePath = PathWith<{ post: { answer: z.ZodType } }>;
export type ChangePath = PathWith<{ patch: { answer: z.ZodType } }>;
export type DeletePath = PathWith<{ delete: object }>;

/** The schema of one part of an exchange; never if there is none. */
type Part<Path extends keyof Routes, Of extends Method, Name extends string> =
  Routes[Path] extends Record<Of, Record<Name, infer Schema extends z.ZodType>> ? Schema : never;

export type RowOf<Path extends ListPath> = z.infer<Part<Path, "get", "row">>;
export type AnswerOf<Path extends keyof Routes, Of extends Method> = z.infer<Part<Path, Of, "answer">>;
export type BodyOf<Path extends keyof Routes, Of extends Method> = z.input<Part<Path, Of, "body">>;
export type QueryOf<Path extends keyof Routes, Of extends Method> = [Part<Path, Of, "query">] extends [never]
  ? Readonly<Record<string, never>>
  : z.input<Part<Path, Of, "query">>;

/** The parameters of a query; undefined ones are omitted. */
type Query = Readonly<Record<string, string | undefined>>;

/** A request, as the client gives it to a transport. */
export interface ApiRequest {
  readonly method: Uppercase<Method>;
  /** Path and query below the relay's URL, encoded. */
  readonly target: string;
  readonly body?: unknown;
  /** The `Idempotency-Key`; the relay performs requests with the same key only once. */
  readonly key?: string;
}

/** The answer to a successful request. */
export interface ApiAnswer {
  /** The parsed body; undefined if the body is empty. */
  readonly json: unknown;
  readonly headers: Headers;
  /** Size of the body, in bytes. */
  readonly bytes: number;
}

/** The way requests reach a relay. */
export interface Transport {
  /**
   * Sends a request, and repeats it if the connection is lost and a repetition is safe.
   *
   * @throws Fault with the code of the relay's problem, or the transport's own
   */
  send(request: ApiRequest): Promise<ApiAnswer>;
  /** Returns the fault for an answer that no relay gives. */
  distrust(reason: string): Fault;
}

/** Maximum size of a whole list, in bytes and in pages, because pages may be empty. */
const LIST_BYTES = 64 * 1024 * 1024;
const MAX_PAGES = 10_000;

/** Maximum number of retries, and milliseconds between them, while the relay has not finished the request. */
const IN_FLIGHT_TRIES = 10;
const IN_FLIGHT_MS = 1_000;

/** Keys of which every resource has at least one. */
const KNOWN_KEYS = ["name", "id", "link", "network_devices", "networks"];

/**
 * Calls a relay's API. Checks only the outline of an answer, because a newer relay may add fields. Methods throw what
 * their transport throws.
 */
export class ApiClient {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Returns all rows of all pages. */
  async list<Path extends ListPath>(
    path: Path,
    params: PathParameters<Path>,
    query?: QueryOf<Path, "get">,
  ): Promise<RowOf<Path>[]> {
    const rows: RowOf<Path>[] = [];
    const seen = new Set<string>();
    let total = 0;
    for (let cursor: string | undefined; ; ) {
      const target = targetOf(path, params, { ...(query as Query | undefined), cursor });
      const { json, headers, bytes } = await this.#transport.send({ method: "GET", target });
      if (!Array.isArray(json)) throw this.#transport.distrust("its answer is not a list");
      total += bytes;
      if (seen.size >= MAX_PAGES || total > LIST_BYTES) throw this.#transport.distrust("its list has no end");
      for (const row of json) {
        if (typeof row !== "object" || row === null) throw this.#transport.distrust("its list has no rows");
        rows.push(row);
      }
      cursor = nextCursor(headers.get("link"));
      if (cursor === undefined) return rows;
      if (seen.has(cursor)) throw this.#transport.distrust("its list goes round in a circle");
      seen.add(cursor);
    }
  }

  async show<Path extends ShowPath>(
    path: Path,
    params: PathParameters<Path>,
  ): Promise<AnswerOf<Path, "get">> {
    const { json } = await this.#transport.send({ method: "GET", target: targetOf(path, params) });
    return this.#one(json);
  }

  /** Creates something once: if the connection is lost, repeats the request with the same key. */
  async create<Path extends CreatePath>(
    path: Path,
    params: PathParameters<Path>,
    body: BodyOf<Path, "post">,
  ): Promise<AnswerOf<Path, "post">> {
    const request = {
      method: "POST",
      target: targetOf(path, params),
      body,
      key: crypto.randomUUID(),
    } as const;
    for (let waited = 0; ; waited++) {
      try {
        return this.#one((await this.#transport.send(request)).json);
      } catch (error) {
        // The relay may still be processing the request whose connection was lost.
        const underWay = error instanceof Fault && error.code === "idempotency.in-flight";
        if (!underWay || waited >= IN_FLIGHT_TRIES) throw error;
        await new Promise((resolve) => setTimeout(resolve, IN_FLIGHT_MS));
      }
    }
  }

  async change<Path extends ChangePath>(
    path: Path,
    params: PathParameters<Path>,
    body: BodyOf<Path, "patch">,
  ): Promise<AnswerOf<Path, "patch">> {
    const { json } = await this.#transport.send({ method: "PATCH", target: targetOf(path, params), body });
    return this.#one(json);
  }

  async delete<Path extends DeletePath>(
    path: Path,
    params: PathParameters<Path>,
    query?: QueryOf<Path, "delete">,
  ): Promise<void> {
    await this.#transport.send({
      method: "DELETE",
      target: targetOf(path, params, query as Query | undefined),
    });
  }

  #one<Answer>(json: unknown): Answer {
    const isOne = typeof json === "object" && json !== null && KNOWN_KEYS.some((key) => key in json);
    if (isOne) return json as Answer;
    throw this.#transport.distrust("its answer is not what was asked for");
  }
}

/** Returns the path and query of a request, encoded. */
export function targetOf<Path extends string>(
  path: Path,
  params: PathParameters<Path>,
  query: Query = {},
): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, value);
  return `${fillPath(path, params)}${search.size === 0 ? "" : `?${search}`}`;
}

/**
 * Returns the cursor of the next page (RFC 8288). Ignores the rest of the link, because the relay may not know its own
 * URL.
 */
function nextCursor(link: string | null): string | undefined {
  const target = /<([^>]*)>\s*;\s*rel="?next"?/.exec(link ?? "")?.[1];
  if (target === undefined) return undefined;
  return URL.parse(target, "http://relay")?.searchParams.get("cursor") ?? undefined;
}
