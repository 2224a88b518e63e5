import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { describe, expect, it } from "vitest";
import { withoutPrefix } from "../../../relay/http/app.ts";
import { sharedRelay, underEachRuntime } from "../../support/relay/runtimes.ts";

describe("a path behind a reverse proxy", () => {
  it.each([
    ["/healthz", "/healthz"],
    ["/lan/healthz", "/healthz"],
    ["/a/b/readyz", "/readyz"],
    ["/v1/tenants", "/v1/tenants"],
    ["/lan/v1/tenants/default/tokens", "/v1/tenants/default/tokens"],
    ["/v1", "/v1"],
    ["/", "/"],
    ["/lan/", "/"],
    ["/lan/join", "/join"],
    ["/lan/page/0123456789abcdef/ui/table.js", "/page/0123456789abcdef/ui/table.js"],
    ["/page/v1/tenants", "/v1/tenants"],
    ["/v1x/tenants", "/v1x/tenants"],
    ["/xhealthz", "/xhealthz"],
    ["/healthz/more", "/healthz/more"],
  ])("%s is routed as %s", (path, meant) => {
    expect(withoutPrefix(path)).toBe(meant);
  });

  it("starts the API at the first v1, so that names may be anything", () => {
    expect(withoutPrefix("/lan/v1/tenants/v1/networks/healthz")).toBe("/v1/tenants/v1/networks/healthz");
  });
});

underEachRuntime("the relay over plain HTTP", (runtime) => {
  const relay = sharedRelay(runtime);
  const get = (path: string, init: RequestInit = {}) => fetch(relay().url + path, init);

  it.each(["/healthz", "/readyz", "/lan/healthz", "/lan/readyz"])("answers %s", async (path) => {
    const response = await get(path);
    expect(response.status).toBe(200);
    expect(await response.text()).not.toBe("");
  });

  it.each(["/v1/tunnel", "/lan/v1/tunnel"])(
    "answers a request for %s without upgrade by asking for one",
    async (path) => {
      const response = await get(path);
      expect(response.status).toBe(426);
      expect(response.headers.get("upgrade")).toBe("websocket");
      expect(await response.text()).toContain("laneway.v1");
    },
  );

  it.each(["/nothing", "/v2/tenants"])(
    "answers %s, which does not exist, with problem+json",
    async (path) => {
      const response = await get(path);
      expect(response.status).toBe(404);
      expect(response.headers.get("content-type")).toBe("application/problem+json");
      expect(await response.json()).toMatchObject({
        status: 404,
        title: "Not Found",
        detail: expect.stringContaining(path),
        code: "path.unknown",
        hint: expect.stringMatching(/./),
      });
    },
  );

  it("answers a request as if it had not asked when it declines an upgrade", async () => {
    const headers = {
      connection: "Upgrade, HTTP2-Settings",
      upgrade: "h2c",
      "http2-settings": "AAMAAABkAAQAAP__",
    };
    const [response] = (await once(request(`${relay().url}/healthz`, { headers }).end(), "response")) as [
      IncomingMessage,
    ];
    response.resume();
    expect(response.statusCode).toBe(200);
  });

  it("keeps serving after malformed requests", async () => {
    for (const body of ["", "{", "\0"]) await get("/v1/tenants", { method: "POST", body });
    expect((await get("/readyz")).status).toBe(200);
  });
});
