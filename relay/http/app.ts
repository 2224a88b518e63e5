import { OpenAPIHono } from "@hono/zod-openapi";
import type { Hono, MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { Fault } from "../../shared/values/fault.ts";
import type { GuessLimiter } from "../arrivals/guess-limiter.ts";
import { type AdministrationOptions, administration } from "./admin.ts";
import { documentOperations } from "./document.ts";
import { type ApiEnv, access } from "./kernel/access.ts";
import { changeRate } from "./kernel/change-rate.ts";
import { Idempotency } from "./kernel/idempotency.ts";
import { mount } from "./kernel/operation.ts";
import { faultResponse, problemResponse } from "./kernel/problem.ts";
import { shortened } from "./kernel/quoted.ts";
import { healthOperations } from "./observation/health.ts";
import { enrolOperations } from "./resources/enrol.ts";

/** Bytes of an administrator's body at most: far more than any that is understood. */
const BODY_BYTES = 65_536;
/** And of a stranger's: an enrolment, with room for fields to come. */
const STRANGERS_BODY_BYTES = 16_384;
/** Characters of a path at most: a prefix, and the longest names there are. */
const PATH_LENGTH = 2_048;

export interface AppOptions extends AdministrationOptions {
  /** SHA-256 of the relay administrator's token, hexadecimal. */
  readonly adminHash: string;
  readonly guesses: GuessLimiter;
  /** What people see in a browser: the operator's page, and what is behind an invite's link. */
  readonly page: Hono<ApiEnv>;
}

/** Everything over HTTP but the tunnel itself: health, enrolment and the administration API. */
export function httpApp(options: AppOptions): OpenAPIHono<ApiEnv> {
  // A reverse proxy may leave its prefix in front.
  const app = new OpenAPIHono<ApiEnv>({ getPath: (request) => withoutPrefix(new URL(request.url).pathname) });
  app.onError((error) => {
    if (!(error instanceof Fault)) options.log.error({ err: error }, "a request failed");
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
  app.use("/v1/*", async (context, next) => {
    await next();
    const { headers } = context.res;
    headers.set("x-content-type-options", "nosniff");
    // Much of it is secret, and none of it stays true.
    headers.set("cache-control", "no-store");
  });
  app.use("/v1/enrol", limitBody(STRANGERS_BODY_BYTES));
  const idempotency = new Idempotency(options.clock);
  app.route("/", options.page);
  mount(app, healthOperations(options), idempotency);
  mount(app, documentOperations({ app }), idempotency);
  mount(app, enrolOperations(options), idempotency);
  app.use("/v1/*", access(options));
  app.use("/v1/*", changeRate(options.tenants));
  // Not before: nothing of a stranger's body is kept.
  app.use("/v1/*", limitBody(BODY_BYTES));
  mount(app, administration(options), idempotency);
  return app;
}

function limitBody(bytes: number): MiddlewareHandler<ApiEnv> {
  const onError = () =>
    problemResponse(413, "request.too-big", `the body is over ${bytes} bytes`, "Send less at once.");
  return bodyLimit({ maxSize: bytes, onError });
}

/** The path from `/v1`, `/healthz`, `/readyz`, `/join` or a file of the page on; `/` where it ends so. */
export function withoutPrefix(path: string): string {
  // The expression below looks at a path again from each of its slashes.
  if (path.length > PATH_LENGTH) return path;
  return /\/(?:v1(?:\/.*)?|healthz|readyz|join|page\/[0-9a-f]{16}\/[a-z0-9./-]+|)$/.exec(path)?.[0] ?? path;
}
