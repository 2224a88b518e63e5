// Strangers' inputs cost time in proportion to their size.
import { Buffer } from "node:buffer";
import { describe, expect, it } from "vitest";
import { TrustedProxies } from "../../../relay/arrivals/trusted-proxies.ts";
import { fromBase64url } from "../../../relay/crypto/base64url.ts";
import { withoutPrefix } from "../../../relay/http/app.ts";
import { bearer } from "../../../relay/http/kernel/access.ts";
import { quoted, shortened } from "../../../relay/http/kernel/quoted.ts";
import { originOf } from "../../../relay/origin.ts";
import { languageOf } from "../../../relay/page/join-page.ts";
import { PageAssets } from "../../../relay/page/page-assets.ts";
import { sharedRelay, underEachRuntime } from "../../support/relay/runtimes.ts";

/** Far above the limit of all headers, so that quadratic time takes a minute. */
const LENGTH = 100_000;
/** Linear time takes milliseconds; a busy machine gets ten seconds. */
const WITHIN_MS = 10_000;
/** Prefixes for many repeated characters. */
const HEADS = ["", "en", "gzip", "en;q=0.5", "[", "/page/0123456789abcdef/"];

describe("a long input", () => {
  const trusted = TrustedProxies.parse("10.0.0.0/8");
  const fill = (text: string) => text.repeat(Math.ceil(LENGTH / text.length));
  const readers: [string, (text: string) => unknown][] = [
    ["Accept-Language", languageOf],
    ["Authorization", (text) => bearer(`Bearer ${text}`)],
    ["a path", withoutPrefix],
    ["base64url", fromBase64url],
    ["X-Forwarded-For", (text) => trusted.addressOf("10.0.0.2", text)],
    [
      "X-Forwarded-Host",
      (text) =>
        originOf(
          { peer: "10.0.0.2", headers: { host: text, "x-forwarded-host": text, "x-forwarded-proto": text } },
          { publicUrl: undefined, trustedProxies: trusted, tls: false },
        ),
    ],
    ["what an answer quotes", (text) => [quoted(text), shortened(text)]],
  ];
  const parts = [
    " ",
    "\t",
    ",",
    ", ",
    "en ",
    "en;q=",
    "en-",
    ";q=0.",
    '"\\',
    "/",
    "/v1",
    "/page/0123456789abcdef/",
    "10.0.0.1,",
    "[::]:",
    "::",
    "Bearer ",
    "-",
    "gzip ",
  ];

  it.each(readers)("of %s is read in time proportional to its length", (_what, read) => {
    const started = performance.now();
    for (const head of HEADS) {
      for (const part of parts) {
        for (const end of ["", "x", "!"]) read(head + fill(part) + end);
      }
    }
    expect(performance.now() - started).toBeLessThan(WITHIN_MS);
  });

  it("of Accept-Encoding is read in time proportional to its length", async () => {
    const assets = await PageAssets.of(new Map([["a.js", new Uint8Array([1])]]));
    const started = performance.now();
    for (const head of HEADS) {
      for (const part of parts) await assets.response(assets.version, "a.js", `${head}${fill(part)}x`);
    }
    expect(performance.now() - started).toBeLessThan(WITHIN_MS);
  });

  it("is not repeated in full, even if nested too deep to serialize", () => {
    expect(quoted("x".repeat(10_000))).toHaveLength(257);
    let deep: unknown = 1;
    for (let i = 0; i < 100_000; i++) deep = [deep];
    expect(quoted(deep)).toBe("a value nested too deep");
  });
});

describe("the language of an invite's page", () => {
  it.each([
    ["", "en"],
    ["zh", "zh-Hans"],
    ["zh-CN,zh;q=0.9,en;q=0.8", "zh-Hans"],
    ["en-GB;q=0.5, zh-Hans-CN ; q=0.9", "zh-Hans"],
    ["de, fr;q=0.9, zh;q=0.1", "zh-Hans"],
    ["zh;q=0", "en"],
    ["ZH-tw", "zh-Hans"],
    ["en, zh", "en"],
    ["constructor, __proto__, toString", "en"],
    ["*", "en"],
  ])("is, of %j, %s", (header, language) => {
    expect(languageOf(header)).toBe(language);
  });
});

underEachRuntime("a stranger's request", (runtime) => {
  const relay = sharedRelay(runtime);
  const enrol = async (body: RequestInit["body"], headers: Record<string, string> = {}) =>
    await fetch(`${relay().url}/v1/enrol`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      ...(body === undefined ? {} : { body }),
      ...(body instanceof ReadableStream ? { duplex: "half" as const } : {}),
    });

  it("with 15,500 spaces in Accept-Language gets the page", async () => {
    const headers = { "accept-language": `en${" ".repeat(15_500)}x` };
    // As this program's own client takes them off at the ends.
    expect((await fetch(`${relay().url}/join`, { headers })).status).toBe(200);
  });

  it("is refused with 413 if larger than an enrolment, with or without a length", async () => {
    const body = JSON.stringify({ tenant: "x".repeat(20_000) });
    for (const sent of [body, new Blob([body]).stream()]) {
      const response = await enrol(sent);
      expect(response.status).toBe(413);
      expect(await response.json()).toMatchObject({ code: "request.too-big" });
    }
  });

  it("is refused before its body is read if credentials are missing", async () => {
    const body = new ReadableStream({
      start: (controller) => controller.enqueue(Buffer.from('{"name":')),
    });
    const response = await fetch(`${relay().url}/v1/tenants`, {
      method: "POST",
      body,
      duplex: "half",
    } as RequestInit);
    expect(response.status).toBe(401);
    await response.body?.cancel();
  });

  it("is not decompressed", async () => {
    const zipped = new Blob([new Uint8Array(10_000_000)]).stream().pipeThrough(new CompressionStream("gzip"));
    const response = await enrol(await new Response(zipped).arrayBuffer(), { "content-encoding": "gzip" });
    expect(response.status).toBe(400);
  });

  it("of deeply nested JSON is answered like any invalid request, and not repeated", async () => {
    const deep = `${"[".repeat(8_000)}${"]".repeat(8_000)}`;
    expect((await enrol(deep)).status).toBe(400);
    const administrators = await relay().api("POST", "/tenants", { name: "x".repeat(60_000) });
    expect(administrators.status).toBe(400);
    expect((await administrators.text()).length).toBeLessThan(1_500);
    const nested = `{"name":${"[".repeat(30_000)}${"]".repeat(30_000)}}`;
    const response = await fetch(`${relay().url}/v1/tenants`, {
      method: "POST",
      headers: { authorization: `Bearer ${relay().adminToken}` },
      body: nested,
    });
    expect(response.status).toBe(400);
  });

  it("for an unknown path is answered without repeating all of it", async () => {
    const response = await fetch(`${relay().url}/${"page/0123456789abcdef/".repeat(600)}!`);
    expect(response.status).toBe(404);
    expect((await response.text()).length).toBeLessThan(1_000);
  });
});
