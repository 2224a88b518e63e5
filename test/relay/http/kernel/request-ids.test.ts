import { expect, it } from "vitest";
import { RelayProcess } from "../../../support/relay/relay-process.ts";
import { sharedRelay, underEachRuntime } from "../../../support/relay/runtimes.ts";

const MADE = /^[0-9a-f-]{36}$/;

underEachRuntime("the id of a request", (runtime) => {
  const relay = sharedRelay(runtime);

  it.each(["/nothing", "/v1/nothing", "/v1/tenants"])(
    "is in the header of %s, and a client cannot choose it",
    async (path) => {
      const response = await fetch(relay().url + path, { headers: { "X-Request-Id": "chosen" } });
      expect(response.headers.get("x-request-id")).toMatch(MADE);
      expect(response.headers.get("content-type")).toBe("application/problem+json");
    },
  );

  it("differs between requests, and is in the header of a success", async () => {
    const ids = await Promise.all(
      [1, 2].map(async () => (await fetch(`${relay().url}/healthz`)).headers.get("x-request-id")),
    );
    expect(ids[0]).toMatch(MADE);
    expect(ids[0]).not.toBe(ids[1]);
  });

  it("is in the audit log, for a change that it made", async () => {
    const response = await relay().api("POST", "/tenants", { name: "traced" });
    const [entry] = (await relay().must("GET", "/tenants/traced/audit")) as { request_id: string }[];
    expect(entry?.request_id).toBe(response.headers.get("x-request-id"));
  });

  it("is kept from a trusted proxy if it is valid", async () => {
    await using behind = await RelayProcess.start(runtime, { args: ["--trusted-proxy", "127.0.0.0/8"] });
    const idOf = async (given: string) => {
      const response = await fetch(`${behind.url}/v1/tenants`, { headers: { "X-Request-Id": given } });
      return response.headers.get("x-request-id");
    };
    expect(await idOf("proxy-7_=")).toBe("proxy-7_=");
    expect(await idOf("two words")).toMatch(MADE);
    expect(await idOf("x".repeat(129))).toMatch(MADE);
  });
});
