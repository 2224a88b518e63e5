import type { MiddlewareHandler } from "hono";
import { requestId } from "hono/request-id";
import type { ApiEnv } from "./access.ts";

/** The header with a request's id, of requests from trusted proxies and of all responses. */
const HEADER = "X-Request-Id";
/** Maximum length of a proxy's id, in characters. */
const ID_LENGTH = 128;

/**
 * Gives each request an id, and adds it to the response's header. It is in no body, because a problem about another
 * tenant has exactly the bytes of one about what does not exist. A valid id from a trusted proxy is kept; other clients
 * must not choose what the relay logs.
 */
export function requestIds(): MiddlewareHandler<ApiEnv> {
  const kept = requestId({ headerName: HEADER, limitLength: ID_LENGTH });
  const made = requestId({ headerName: "" });
  return async (context, next) => {
    const identify = context.env.fromProxy ? kept : made;
    await identify(context, next);
    const id = context.var.requestId;
    context.res.headers.set(HEADER, id);
  };
}
