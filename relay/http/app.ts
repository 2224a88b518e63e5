import { Hono } from "hono";
import type { Logger } from "pino";
import { Fault } from "../../shared/fault.ts";
import { type AdminOptions, adminApi } from "./admin.ts";
import { faultResponse, problemResponse } from "./problem.ts";

/** Everything over HTTP but the tunnel itself: health and the administration API. */
export function httpApp(options: AdminOptions & { readonly log: Logger }): Hono {
  // A reverse proxy may leave its prefix in front.
  const app = new Hono({ getPath: (request) => withoutPrefix(new URL(request.url).pathname) });
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
  app.route("/v1", adminApi(options));
  return app;
}

/** The path from `/v1`, `/healthz` or `/readyz` on. */
export function withoutPrefix(path: string): string {
  return /\/(?:v1(?:\/.*)?|healthz|readyz)$/.exec(path)?.[0] ?? path;
}
