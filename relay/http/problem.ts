import { Fault } from "../../shared/fault.ts";

/** Problem details of an HTTP error (RFC 9457), with our stable code and what to do about it. */
export interface Problem {
  readonly type: "about:blank";
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly hint: string;
}

const TITLES: Readonly<Record<number, string>> = {
  400: "Bad Request",
  401: "Unauthorized",
  404: "Not Found",
  409: "Conflict",
  429: "Too Many Requests",
  500: "Internal Server Error",
};

/** The response that tells of a fault. */
export function problemResponse(status: number, code: string, detail: string, hint: string): Response {
  const title = TITLES[status] ?? "Error";
  const problem: Problem = { type: "about:blank", title, status, detail, code, hint };
  return new Response(JSON.stringify(problem), {
    status,
    headers: { "content-type": "application/problem+json", "cache-control": "no-store" },
  });
}

/** The response for whatever a handler threw; what is not a {@link Fault} is our mistake and tells nothing. */
export function faultResponse(error: unknown): Response {
  if (!(error instanceof Fault)) {
    return problemResponse(500, "internal", "the relay failed to answer", "Its log says why.");
  }
  return problemResponse(statusOf(error), error.code, error.message, error.hint);
}

function statusOf(fault: Fault): number {
  if (fault.code.endsWith(".unknown")) return 404;
  if (fault.code.endsWith("taken")) return 409;
  if (fault.code.endsWith(".too-many")) return 429;
  return 400;
}
