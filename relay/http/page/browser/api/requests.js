/** @import { Problem } from "./problem.js" */
import { problemOf } from "./problem.js";

/** Milliseconds that an answer may take. */
const ANSWER_MS = 20_000;

/** Rows of a list that are asked for: more than a person reads, and little enough to be drawn at once. */
const ROWS = 1_000;

/** Requests to the API below `v1/` of wherever the page is. The token is kept here, and nowhere else. */
export class Requests {
  #token;
  #refused;

  /**
   * @param {string} token
   * @param {(problem: Problem) => void} refused told when the token is no longer good
   */
  constructor(token, refused) {
    this.#token = token;
    this.#refused = refused;
  }

  /**
   * @param {string} path
   * @param {AbortSignal} signal
   * @returns {Promise<unknown>}
   */
  async get(path, signal) {
    return (await this.#ask("GET", new URL(`v1/${path}`, document.baseURI), undefined, signal)).json();
  }

  /**
   * The first rows of a list.
   *
   * @param {string} path
   * @param {AbortSignal} signal
   */
  async list(path, signal) {
    const url = new URL(`v1/${path}`, document.baseURI);
    url.searchParams.set("limit", String(ROWS));
    const response = await this.#ask("GET", url, undefined, signal);
    const rows = /** @type {unknown[]} */ (await response.json());
    return { rows, more: /;\s*rel="?next"?/.test(response.headers.get("link") ?? "") };
  }

  /**
   * Makes, changes or removes something.
   *
   * @param {"POST" | "PATCH" | "DELETE"} method
   * @param {string} path
   * @param {unknown} body
   * @param {AbortSignal} signal
   * @returns {Promise<unknown>} undefined where the answer is empty
   */
  async send(method, path, body, signal) {
    const response = await this.#ask(method, new URL(`v1/${path}`, document.baseURI), body, signal);
    return response.status === 204 ? undefined : await response.json();
  }

  /**
   * @param {string} method
   * @param {URL} url
   * @param {unknown} body
   * @param {AbortSignal} signal
   */
  async #ask(method, url, body, signal) {
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

/**
 * A path of these parts, whatever is in them.
 *
 * @param {readonly string[]} parts
 */
export function path(...parts) {
  return parts.map(encodeURIComponent).join("/");
}
