import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { answer } from "../../../../desktop/main/window/app-protocol.ts";

describe("the app's own scheme", () => {
  let place: string;
  let folder: string;

  beforeAll(() => {
    place = mkdtempSync(join(tmpdir(), "laneway-protocol-"));
    folder = join(place, "window");
    mkdirSync(join(folder, "assets"), { recursive: true });
    mkdirSync(join(folder, ".hidden"));
    writeFileSync(join(folder, "index.html"), "<!doctype html>");
    writeFileSync(join(folder, "assets/a b.js"), "1");
    writeFileSync(join(folder, "notes.txt"), "no type of ours");
    writeFileSync(join(folder, ".hidden/x.js"), "hidden");
    writeFileSync(join(place, "secret.js"), "outside");
    mkdirSync(join(place, "window-2"));
    writeFileSync(join(place, "window-2/x.js"), "outside");
    symlinkSync(join(place, "secret.js"), join(folder, "link.js"));
  });

  afterAll(() => rmSync(place, { recursive: true }));

  const get = (url: string, method = "GET") => answer({ url, method }, folder);

  it("answers with a file, its type, and the content security policy", async () => {
    const response = await get("app://laneway/index.html");
    expect(response.status).toBe(200);
    expect(await response.text()).toBe("<!doctype html>");
    expect(response.headers.get("content-type")).toBe("text/html; charset=utf-8");
    const policy = response.headers.get("content-security-policy") ?? "";
    for (const rule of [
      "default-src 'none'",
      "script-src 'self'",
      "connect-src 'none'",
      "trusted-types 'none'",
    ]) {
      expect(policy).toContain(rule);
    }
    expect(policy).not.toMatch(/unsafe|https:|\*/);
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
    const script = await get("app://laneway/assets/a%20b.js?query#fragment");
    expect(script.headers.get("content-type")).toBe("text/javascript; charset=utf-8");
  });

  it.each([
    "app://laneway/../secret.js",
    "app://laneway/%2e%2e/secret.js",
    "app://laneway/..%2fsecret.js",
    "app://laneway/assets/..%2f..%2fsecret.js",
    "app://laneway/..%5csecret.js",
    "app://laneway/..%2fwindow-2%2fx.js",
    "app://laneway//etc/passwd.js",
    "app://laneway/%2fetc%2fpasswd",
    "app://laneway/link.js",
    "app://laneway/.hidden/x.js",
    "app://laneway/notes.txt",
    "app://laneway/assets",
    "app://laneway/",
    "app://laneway/no-such.js",
    "app://laneway/index.html%00.js",
    "app://laneway/%E0%A4%A",
    "app://laneway/c:%5cx.js",
    "app://evil/index.html",
    "app://user@laneway/index.html",
    "app://laneway:80/index.html",
    "https://laneway/index.html",
    "file:///etc/passwd",
  ])("has nothing at %s", async (url) => {
    const response = await get(url);
    expect(response.status).toBe(404);
    expect(await response.text()).toBe("");
    expect(response.headers.get("content-security-policy")).toContain("default-src 'none'");
  });

  it("only allows reading", async () => {
    expect((await get("app://laneway/index.html", "POST")).status).toBe(405);
  });
});
