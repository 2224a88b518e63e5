/** A failed request: the relay's problem (RFC 9457), or the lack of an answer. */
export class Problem extends Error {
  /** `unreachable` if no answer came. */
  readonly code: string;
  /** The advice on what to do. */
  readonly hint: string;
  /** The HTTP status; 0 if no answer came. */
  readonly status: number;

  constructor(code: string, detail: string, hint: string, status: number) {
    super(detail);
    this.code = code;
    this.hint = hint;
    this.status = status;
  }
}

/** Returns the problem in a failed response. */
export async function problemOf(response: Response, signal: AbortSignal) {
  let told: Partial<Record<string, unknown>> = {};
  try {
    const json = (await response.json()) as unknown;
    if (typeof json === "object" && json !== null) told = json as typeof told;
  } catch (error) {
    // A proxy may have answered in HTML.
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

/** @param error the error of a request */
export function asProblem(error: unknown) {
  if (error instanceof Problem) return error;
  return new Problem("unreachable", error instanceof Error ? error.message : String(error), "", 0);
}
