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
  403: "Forbidden",
  404: "Not Found",
  409: "Conflict",
  413: "Content Too Large",
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

/** The response to one guess too many. @param seconds after which the next may be made */
export function rateLimited(seconds: number): Response {
  const response = problemResponse(
    429,
    "rate.limited",
    "too many wrong credentials came from this address",
    `Try again in ${seconds} s.`,
  );
  response.headers.set("retry-after", String(seconds));
  return response;
}

/** The response for whatever a handler threw; what is not a {@link Fault} is our mistake and tells nothing. */
export function faultResponse(error: unknown): Response {
  if (!(error instanceof Fault)) {
    return problemResponse(500, "internal", "the relay failed to answer", "Its log says why.");
  }
  return problemResponse(statusOf(error), error.code, error.message, error.hint);
}

const FORBIDDEN: ReadonlySet<string> = new Set([
  "admin.forbidden",
  "enrol.bad-proof",
  "enrol.device-revoked",
  "invite.refused",
  "invite.expired",
  "invite.used-up",
  "invite.revoked",
]);

function statusOf(fault: Fault): number {
  if (fault.code.endsWith(".unknown")) return 404;
  if (fault.code.endsWith(".too-many")) return 429;
  if (fault.code.endsWith("taken") || fault.code.startsWith("limit.")) return 409;
  if (FORBIDDEN.has(fault.code)) return 403;
  return 400;
}
