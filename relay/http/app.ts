import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import type { Logger } from "pino";
import { Fault } from "../../shared/fault.ts";
import type { ApiEnv } from "./access.ts";
import { type AdminOptions, adminApi } from "./admin.ts";
import { enrolApi } from "./enrol.ts";
import { joinPage } from "./join-page.ts";
import { faultResponse, problemResponse } from "./problem.ts";

/** Bytes of a request's body at most: far more than any that is understood. */
const BODY_BYTES = 65_536;

/** Everything over HTTP but the tunnel itself: health and the administration API. */
export function httpApp(options: AdminOptions & { readonly log: Logger }): Hono<ApiEnv> {
  // A reverse proxy may leave its prefix in front.
  const app = new Hono<ApiEnv>({ getPath: (request) => withoutPrefix(new URL(request.url).pathname) });
  app.onError((error) => {
    if (!(error instanceof Fault)) options.log.error({ err: error }, "a request failed");
    return faultResponse(error);
  });
  app.notFound((context) =>
    problemResponse(404, "path.unknown", `there is nothing at ${context.req.path}`, "The API is below /v1."),
  );
  app.get("/healthz", (context) => context.json({ status: "ok" }));
  app.get("/readyz", (context) => {
    try {
      options.tenants.check();
      return context.json({ status: "ready" });
    } catch {
      return context.json({ status: "the store does not answer" }, 503);
    }
  });
  app.get(
    "/v1/tunnel",
    () =>
      new Response("The tunnel speaks WebSocket, subprotocol laneway.v1.\n", {
        status: 426,
        headers: { upgrade: "websocket" },
      }),
  );
  const onError = () =>
    problemResponse(413, "request.too-big", `the body is over ${BODY_BYTES} bytes`, "Send less at once.");
  app.use("/v1/*", bodyLimit({ maxSize: BODY_BYTES, onError }));
  app.route("/", joinPage());
  app.route("/v1", enrolApi(options));
  app.route("/v1", adminApi(options));
  return app;
}

/** The path from `/v1`, `/healthz`, `/readyz` or `/join` on. */
export function withoutPrefix(path: string): string {
  return /\/(?:v1(?:\/.*)?|healthz|readyz|join(?:\.js)?)$/.exec(path)?.[0] ?? path;
}
