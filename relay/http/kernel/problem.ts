import type { Problem } from "../../../shared/api/problem.ts";
import { Fault } from "../../../shared/values/fault.ts";
import { RateLimited } from "../../model/faults.ts";

const TITLES = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  409: "Conflict",
  413: "Content Too Large",
  422: "Unprocessable Content",
  429: "Too Many Requests",
  500: "Internal Server Error",
  503: "Service Unavailable",
  // RFC 4918 section 11.5.
  507: "Insufficient Storage",
} as const;

/** The statuses of error responses. */
export type ProblemStatus = keyof typeof TITLES;

export const PROBLEM_TYPE = "application/problem+json";

/** Returns the phrase for a status. */
export function titleOf(status: ProblemStatus): string {
  return TITLES[status];
}

/** Returns the response that describes a fault. */
export function problemResponse(status: ProblemStatus, code: string, detail: string, hint: string): Response {
  const told: Problem = { type: "about:blank", title: titleOf(status), status, detail, code, hint };
  return new Response(JSON.stringify(told), {
    status,
    headers: { "content-type": PROBLEM_TYPE, "cache-control": "no-store" },
  });
}

/** Returns the response to a caller with too many failed guesses. @param seconds until the next guess is allowed */
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

/**
 * Returns the response for an error of a handler. An error that is no {@link Fault} is a bug, so its details stay
 * hidden.
 */
export function faultResponse(error: unknown): Response {
  if (!(error instanceof Fault)) {
    return problemResponse(500, "internal", "the relay failed to answer", "Its log says why.");
  }
  const status = statusOf(error);
  const response = problemResponse(status, error.code, error.message, error.hint);
  const seconds = error instanceof RateLimited ? error.seconds : STORE_SECONDS[status];
  if (seconds !== undefined) response.headers.set("retry-after", String(seconds));
  return response;
}

/** Seconds until a retry makes sense while the store fails; the relay retries the store as often. */
const STORE_SECONDS: Readonly<Partial<Record<ProblemStatus, number>>> = { 503: 5, 507: 5 };

const STATUSES: Readonly<Record<string, ProblemStatus>> = {
  "admin.forbidden": 403,
  "enrol.bad-proof": 403,
  "enrol.device-revoked": 403,
  "invite.refused": 403,
  "invite.expired": 403,
  "invite.used-up": 403,
  "invite.revoked": 403,
  "invite.no-url": 409,
  "idempotency.in-flight": 409,
  "idempotency.mismatch": 422,
  "rate.limited": 429,
  "store.failed": 503,
  "store.full": 507,
};

function statusOf({ code }: Fault): ProblemStatus {
  if (code.endsWith(".unknown")) return 404;
  if (code.endsWith(".too-many")) return 429;
  if (code.endsWith("taken") || code.startsWith("limit.")) return 409;
  // The request is valid, but this machine cannot serve it.
  if (code.startsWith("port.")) return 409;
  return STATUSES[code] ?? 400;
}
