import { OpenAPIHono } from "@hono/zod-openapi";
import type { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { Fault } from "../../shared/fault.ts";
import type { GuessLimiter } from "../guess-limiter.ts";
import { type ApiEnv, access } from "./access.ts";
import { type AdministrationOptions, administration } from "./admin.ts";
import { changeRate } from "./change-rate.ts";
import { documentOperations } from "./document.ts";
import { enrolOperations } from "./enrol.ts";
import { healthOperations } from "./health.ts";
import { Idempotency } from "./idempotency.ts";
import { mount } from "./operation.ts";
import { faultResponse, problemResponse } from "./problem.ts";

/** Bytes of a request's body at most: far more than any that is understood. */
const BODY_BYTES = 65_536;

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
    problemResponse(404, "path.unknown", `there is nothing at ${context.req.path}`, "The API is below /v1."),
  );
  app.use("/v1/*", async (context, next) => {
    await next();
    const { headers } = context.res;
    headers.set("x-content-type-options", "nosniff");
    // Much of it is secret, and none of it stays true.
    headers.set("cache-control", "no-store");
  });
  const onError = () =>
    problemResponse(413, "request.too-big", `the body is over ${BODY_BYTES} bytes`, "Send less at once.");
  app.use("/v1/*", bodyLimit({ maxSize: BODY_BYTES, onError }));
  const idempotency = new Idempotency(options.clock);
  app.route("/", options.page);
  mount(app, healthOperations(options), idempotency);
  mount(app, documentOperations({ app, publicUrl: options.publicUrl }), idempotency);
  mount(app, enrolOperations(options), idempotency);
  app.use("/v1/*", access(options));
  app.use("/v1/*", changeRate(options.tenants));
  mount(app, administration(options), idempotency);
  return app;
}

/** The path from `/v1`, `/healthz`, `/readyz`, `/join` or a file of the page on; `/` where it ends so. */
export function withoutPrefix(path: string): string {
  return /\/(?:v1(?:\/.*)?|healthz|readyz|join|page\/[0-9a-f]{16}\/[a-z0-9./-]+|)$/.exec(path)?.[0] ?? path;
}
