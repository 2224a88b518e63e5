// The operator's page and the page behind an invite's link, as each runtime serves them.
import { expect, it } from "vitest";
import { sharedRelay, underEachRuntime } from "../../support/relay/runtimes.ts";

underEachRuntime("a page for browsers", (runtime) => {
  const relay = sharedRelay(runtime);
  const get = (path: string, headers: Record<string, string> = {}) => fetch(relay().url + path, { headers });
  const filesOf = (html: string) =>
    [...html.matchAll(/(?:href|src)="(page\/[^"]+)"/g)].map(([, file = ""]) => file);

  it.each(["/", "/some/where/", "/join", "/some/where/join"])("is served completely at %s", async (path) => {
    const response = await get(path);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("text/html; charset=utf-8");
    const files = filesOf(await response.text());
    expect(files.length).toBeGreaterThan(3);
    for (const file of new Set(files)) {
      const { status, headers } = await fetch(new URL(file, relay().url + path));
      expect([file, status]).toEqual([file, 200]);
      expect(headers.get("cache-control")).toContain("immutable");
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      const types = {
        js: "text/javascript; charset=utf-8",
        css: "text/css; charset=utf-8",
        svg: "image/svg+xml",
      };
      expect(headers.get("content-type")).toBe(types[/[^.]+$/.exec(file)?.[0] as keyof typeof types]);
    }
  });

  it.each(["/", "/join"])("runs only its own files at %s, and sends no referrer", async (path) => {
    const { headers } = await get(path);
    const policy = headers.get("content-security-policy") ?? "";
    expect(policy).toMatch(/^default-src 'none'; script-src 'self'; /);
    for (const directive of [
      "style-src 'self'",
      "connect-src 'self'",
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
      "require-trusted-types-for 'script'",
    ]) {
      expect(policy.split("; ")).toContain(directive);
    }
    expect(policy).not.toMatch(/unsafe|\*|https?:/);
    expect(headers.get("referrer-policy")).toBe("no-referrer");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("cross-origin-opener-policy")).toBe("same-origin");
  });

  it("is sent again only after a change", async () => {
    const first = await get("/");
    await first.body?.cancel();
    expect(first.headers.get("cache-control")).toBe("no-cache");
    const again = await get("/", { "if-none-match": String(first.headers.get("etag")) });
    expect(again.status).toBe(304);
    expect(await again.text()).toBe("");
  });

  it("is small, and compressed for clients that support it", async () => {
    const files = filesOf(await (await get("/")).text());
    const [main = ""] = files.filter((file) => file.endsWith("/main.js"));
    const plain = await get(`/${main}`, { "accept-encoding": "gzip;q=0, identity" });
    expect(plain.headers.get("content-encoding")).toBe(null);
    const packed = await get(`/${main}`, { "accept-encoding": "br, gzip" });
    expect(packed.headers.get("content-encoding")).toBe("gzip");
    expect(packed.headers.get("vary")).toBe("accept-encoding");
    expect(await packed.text()).toBe(await plain.text());
    let bytes = 0;
    for (const file of new Set([...files, main.replace("main.js", "qrcode.js")])) {
      const response = await get(`/${file}`, { "accept-encoding": "gzip" });
      bytes += Number(response.headers.get("content-length") ?? (await response.arrayBuffer()).byteLength);
    }
    expect(bytes).toBeLessThan(75_000);
  });

  it.each([
    "/page/0123456789abcdef/main.js",
    "/page/0123456789abcdef/../../../../package.json",
    "/page/main.js",
  ])("does not serve %s", async (path) => {
    const response = await get(path);
    expect(response.status).toBe(404);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
  });

  it.each([
    [undefined, "en"],
    ["zh-CN,zh;q=0.9,en;q=0.8", "zh-Hans"],
    ["de, en;q=0.5, zh;q=0.7", "zh-Hans"],
    ["en-GB", "en"],
    ["zh;q=0, fr", "en"],
  ])("explains in the reader's language how to join: %s", async (asked, language) => {
    const response = await get("/join", asked === undefined ? {} : { "accept-language": asked });
    expect(response.headers.get("content-language")).toBe(language);
    expect(response.headers.get("vary")).toBe("accept-language");
    expect(await response.text()).toContain(`<html lang="${language}">`);
  });
});

underEachRuntime("a relay with a prefix in its public URL", (runtime) => {
  const relay = sharedRelay(runtime, ["--public-url", "https://relay.example/lane"]);

  it("redirects a URL without a trailing slash to the page", async () => {
    const response = await fetch(`${relay().url}/lane`, { redirect: "manual" });
    expect(response.status).toBe(308);
    expect(response.headers.get("location")).toBe("/lane/");
  });
});
