/** What the relay answers in place of success (RFC 9457), or that it did not answer. */
export class Problem extends Error {
  /**
   * @param {string} code `unreachable` where no answer came
   * @param {string} detail
   * @param {string} hint what to do about it
   * @param {number} status 0 where no answer came
   */
  constructor(code, detail, hint, status) {
    super(detail);
    this.code = code;
    this.hint = hint;
    this.status = status;
  }
}

/**
 * What an answer that is no success tells.
 *
 * @param {Response} response
 * @param {AbortSignal} signal
 */
export async function problemOf(response, signal) {
  /** @type {Partial<Record<string, unknown>>} */
  let told = {};
  try {
    const json = /** @type {unknown} */ (await response.json());
    if (typeof json === "object" && json !== null) told = /** @type {typeof told} */ (json);
  } catch (error) {
    // A proxy in between answers in HTML.
    if (signal.aborted) throw error;
  }
  const { code, detail, hint } = told;
  return new Problem(
    typeof code === "string" ? code : "unknown",
    typeof detail === "string" ? detail : `${response.status} ${response.statusText}`,
    typeof hint === "string" ? hint : "",
    response.status,
  );
}

/** @param {unknown} error of a request */
export function asProblem(error) {
  if (error instanceof Problem) return error;
  return new Problem("unreachable", error instanceof Error ? error.message : String(error), "", 0);
}
