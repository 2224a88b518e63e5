import { OpenAPIHono } from "@hono/zod-openapi";
import type { Hono, MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { Fault } from "../../shared/values/fault.ts";
import type { GuessLimiter } from "../arrivals/guess-limiter.ts";
import type { SignIns } from "../first-start/sign-ins.ts";
import { type AdministrationOptions, administration } from "./admin.ts";
import { documentOperations } from "./document.ts";
import { type ApiEnv, access } from "./kernel/access.ts";
import { changeRate } from "./kernel/change-rate.ts";
import { Idempotency } from "./kernel/idempotency.ts";
import { mount } from "./kernel/operation.ts";
import { faultResponse, problemResponse } from "./kernel/problem.ts";
import { shortened } from "./kernel/quoted.ts";
import { requestIds } from "./kernel/request-ids.ts";
import { healthOperations } from "./observation/health.ts";
import { enrolOperations } from "./resources/enrol.ts";
import { signInLinkOperations, signInOperations } from "./resources/sign-ins.ts";

/** Maximum size of an administrator's request body, in bytes: far more than any valid request needs. */
const BODY_BYTES = 65_536;
/** Maximum size of an enrolment request's body, in bytes, with room for future fields. */
const STRANGERS_BODY_BYTES = 16_384;
/** Maximum length of a path, in characters: a prefix and the longest names. */
const PATH_LENGTH = 2_048;

export interface AppOptions extends AdministrationOptions {
  /** SHA-256 of the relay administrator's token, hexadecimal. */
  readonly adminHash: string;
  readonly guesses: GuessLimiter;
  readonly signIns: SignIns;
  /** The pages for browsers, the operator's and the one behind an invite's link, and the clients' packages. */
  readonly page: Hono<ApiEnv>;
}

/** Returns the app that serves everything over HTTP except the tunnel: health, enrolment and the administration API. */
export function httpApp(options: AppOptions): OpenAPIHono<ApiEnv> {
  // A reverse proxy may leave its prefix in front of the path.
  const app = new OpenAPIHono<ApiEnv>({ getPath: (request) => withoutPrefix(new URL(request.url).pathname) });
  app.onError((error, context) => {
    if (!(error instanceof Fault)) {
      options.log.error({ err: error, request_id: context.var.requestId }, "a request failed");
    }
    return faultResponse(error);
  });
  app.notFound((context) =>
    problemResponse(
      404,
      "path.unknown",
      `there is nothing at ${shortened(context.req.path)}`,
      "The API is below /v1.",
    ),
  );
  app.use(requestIds());
  app.use("/v1/*", async (context, next) => {
    await next();
    const { headers } = context.res;
    headers.set("x-content-type-options", "nosniff");
    // Not cacheable because answers may contain secrets and are soon out of date.
    headers.set("cache-control", "no-store");
  });
  for (const path of ["/v1/enrol", "/v1/sign-in"]) app.use(path, limitBody(STRANGERS_BODY_BYTES));
  const idempotency = new Idempotency(options.clock);
  app.route("/", options.page);
  mount(app, healthOperations(options), idempotency);
  mount(app, documentOperations({ app }), idempotency);
  mount(app, enrolOperations(options), idempotency);
  mount(app, signInOperations(options), idempotency);
  app.use("/v1/*", access(options));
  app.use("/v1/*", changeRate(options.tenants));
  // Placed after enrolment and access, so that the relay never buffers a large body without valid credentials.
  app.use("/v1/*", limitBody(BODY_BYTES));
  mount(app, administration(options), idempotency);
  mount(app, signInLinkOperations(options), idempotency);
  return app;
}

function limitBody(bytes: number): MiddlewareHandler<ApiEnv> {
  const onError = () =>
    problemResponse(413, "request.too-big", `the body is over ${bytes} bytes`, "Send less at once.");
  return bodyLimit({ maxSize: bytes, onError });
}

/** Returns the path from `/v1`, `/healthz`, `/readyz`, `/join` or a page file on; `/` if the path ends in a slash. */
export function withoutPrefix(path: string): string {
  // Limited because the expression below rescans the path from each of its slashes.
  if (path.length > PATH_LENGTH) return path;
  return (
    /\/(?:v1(?:\/.*)?|healthz|readyz|join|install\.sh|packages\/[\w.+~-]+|page\/[0-9a-f]{16}\/[a-z0-9./-]+|)$/.exec(
      path,
    )?.[0] ?? path
  );
}
