import { type Problem, problemOf } from "./problem.ts";

/** Maximum time for an answer, in milliseconds. */
const ANSWER_MS = 20_000;

/** Maximum number of rows to request: more than a person reads, and few enough to draw at once. */
const ROWS = 1_000;

/** The first rows of a list, and whether there are more. */
export interface Rows<Row> {
  readonly rows: readonly Row[];
  readonly more: boolean;
}

/** Sends requests to the API below `v1/`, relative to the page. Only this object holds the token. */
export class Requests {
  #token;
  #refused;

  /** @param refused called when the token is no longer valid */
  constructor(token: string, refused: (problem: Problem) => void) {
    this.#token = token;
    this.#refused = refused;
  }

  async get(path: string, signal: AbortSignal): Promise<unknown> {
    return (await this.#ask("GET", new URL(`v1/${path}`, document.baseURI), undefined, signal)).json();
  }

  /** Returns the first rows of a list. */
  async list(path: string, signal: AbortSignal): Promise<Rows<unknown>> {
    const url = new URL(`v1/${path}`, document.baseURI);
    url.searchParams.set("limit", String(ROWS));
    const response = await this.#ask("GET", url, undefined, signal);
    const rows = (await response.json()) as unknown[];
    return { rows, more: /;\s*rel="?next"?/.test(response.headers.get("link") ?? "") };
  }

  /**
   * Creates, changes or removes something.
   *
   * @returns undefined if the answer is empty
   */
  async send(
    method: "POST" | "PATCH" | "DELETE",
    path: string,
    body: unknown,
    signal: AbortSignal,
  ): Promise<unknown> {
    const response = await this.#ask(method, new URL(`v1/${path}`, document.baseURI), body, signal);
    return response.status === 204 ? undefined : await response.json();
  }

  async #ask(method: string, url: URL, body: unknown, signal: AbortSignal) {
    const response = await fetch(url, {
      method,
      headers: {
        authorization: `Bearer ${this.#token}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      cache: "no-store",
      credentials: "omit",
      redirect: "error",
      signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]),
    });
    if (response.ok) return response;
    const problem = await problemOf(response, signal);
    if (response.status === 401) this.#refused(problem);
    throw problem;
  }
}

/** Returns a path of encoded parts. */
export function path(...parts: readonly string[]) {
  return parts.map(encodeURIComponent).join("/");
}
