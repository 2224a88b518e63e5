import type { MiddlewareHandler } from "hono";
import { requestId } from "hono/request-id";
import type { Problem } from "../../../shared/api/problem.ts";
import type { ApiEnv } from "./access.ts";
import { PROBLEM_TYPE } from "./problem.ts";

/** The header with a request's id, of requests from trusted proxies and of all responses. */
const HEADER = "X-Request-Id";
/** Maximum length of a proxy's id, in characters. */
const ID_LENGTH = 128;

/**
 * Gives each request an id, and adds it to the response and to its problem details. A valid id from a trusted proxy is
 * kept; other clients must not choose what the relay logs.
 */
export function requestIds(): MiddlewareHandler<ApiEnv> {
  const kept = requestId({ headerName: HEADER, limitLength: ID_LENGTH });
  const made = requestId({ headerName: "" });
  return async (context, next) => {
    const identify = context.env.fromProxy ? kept : made;
    await identify(context, next);
    const id = context.var.requestId;
    if (context.res.headers.get("content-type") === PROBLEM_TYPE) {
      const told = (await context.res.json()) as Problem;
      context.res = new Response(JSON.stringify({ ...told, request_id: id }), context.res);
    }
    context.res.headers.set(HEADER, id);
  };
}
