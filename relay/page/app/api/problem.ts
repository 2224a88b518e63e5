/** What the relay answers in place of success (RFC 9457), or that it did not answer. */
export class Problem extends Error {
  /** `unreachable` when no answer came. */
  readonly code: string;
  /** What to do about it. */
  readonly hint: string;
  /** 0 when no answer came. */
  readonly status: number;

  constructor(code: string, detail: string, hint: string, status: number) {
    super(detail);
    this.code = code;
    this.hint = hint;
    this.status = status;
  }
}

/** What an answer that is no success tells. */
export async function problemOf(response: Response, signal: AbortSignal) {
  let told: Partial<Record<string, unknown>> = {};
  try {
    const json = (await response.json()) as unknown;
    if (typeof json === "object" && json !== null) told = json as typeof told;
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

/** @param error of a request */
export function asProblem(error: unknown) {
  if (error instanceof Problem) return error;
  return new Problem("unreachable", error instanceof Error ? error.message : String(error), "", 0);
}
