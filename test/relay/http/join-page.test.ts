import { expect, it } from "vitest";
import { sharedRelay, underEachRuntime } from "../runtimes.ts";

underEachRuntime("the page behind an invite's link", (runtime) => {
  const relay = sharedRelay(runtime);

  it.each(["/join", "/lan/join"])("says at %s how to join, without a script", async (path) => {
    const response = await fetch(relay().url + path);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("text/html; charset=utf-8");
    expect(await response.text()).toContain("laneway join");
  });

  it("lets nothing run but its own script, and tells nobody where it was opened", async () => {
    const { headers } = await fetch(`${relay().url}/join`);
    expect(headers.get("content-security-policy")).toMatch(/default-src 'none'; script-src 'self'/);
    expect(headers.get("referrer-policy")).toBe("no-referrer");
    const script = await fetch(`${relay().url}/join.js`);
    expect(script.headers.get("content-type")).toBe("text/javascript; charset=utf-8");
  });
});
