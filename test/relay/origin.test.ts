import { request } from "node:http";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TrustedProxies } from "../../relay/arrivals/trusted-proxies.ts";
import { originOf } from "../../relay/origin.ts";
import { hello, TunnelClient } from "../support/relay/client.ts";
import { type Invite, TestDevice } from "../support/relay/device.ts";
import { RelayProcess } from "../support/relay/relay-process.ts";
import { sharedRelay, underEachRuntime } from "../support/relay/runtimes.ts";

const PROXY = "10.0.0.2";

describe("where a request reached the relay", () => {
  const of = (headers: Record<string, string>, { peer = "192.0.2.1", publicUrl = "", tls = false } = {}) =>
    originOf(
      { peer, headers },
      {
        publicUrl: publicUrl === "" ? undefined : new URL(publicUrl),
        trustedProxies: TrustedProxies.parse(`${PROXY},10.0.0.3`),
        tls,
      },
    );
  const forwarded = { "x-forwarded-proto": "https", "x-forwarded-host": "relay.example" };

  it.each([
    ["relay.example", "http://relay.example"],
    ["RELAY.example:80", "http://relay.example"],
    ["relay.example:8787", "http://relay.example:8787"],
    ["192.0.2.7:8787", "http://192.0.2.7:8787"],
    ["[2001:DB8:0::7]:8787", "http://[2001:db8::7]:8787"],
    ["my_host", "http://my_host"],
  ])("is at the host '%s': %s", (host, origin) => {
    expect(of({ host })).toEqual({ origin, base: origin, doubt: undefined });
    expect(of({ host }, { tls: true })?.origin).toMatch(/^https:/);
  });

  it.each([
    "",
    "a b",
    'x"y',
    "relay.example\\",
    "user@relay.example",
    "relay.example/path",
    "relay.example:99999",
    "relay.example:x",
    "[::1",
    "[nonsense]",
    "-relay",
    "relay.example<script>",
    `${"a".repeat(300)}.example`,
  ])("is nowhere at the host %j", (host) => {
    expect(of({ host })).toBeUndefined();
  });

  it("is nowhere without a host", () => {
    expect(of({})).toBeUndefined();
  });

  it("is never anything but an origin, whatever a client says", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), fc.boolean(), (host, name, proto, trusted) => {
        const headers = { host, "x-forwarded-host": name, "x-forwarded-proto": proto };
        const at = of(headers, { peer: trusted ? PROXY : "192.0.2.1" });
        if (at === undefined) return;
        expect(at.origin).toMatch(/^https?:\/\/[a-z0-9_.:[\]-]+$/);
        expect(new URL(at.origin).origin).toBe(at.origin);
      }),
    );
  });

  it("is what --public-url says, whoever says otherwise", () => {
    const at = of(
      { host: "evil.example", ...forwarded },
      { peer: PROXY, publicUrl: "https://own.example/lane/" },
    );
    expect(at).toEqual({
      origin: "https://own.example",
      base: "https://own.example/lane",
      doubt: undefined,
    });
    expect(of({}, { publicUrl: "https://own.example" })?.base).toBe("https://own.example");
  });

  it.each<[string, Record<string, string>, string]>([
    ["both headers", { host: "inner:8787", ...forwarded }, "https://relay.example"],
    [
      "the scheme, and passes Host on",
      { host: "relay.example", "x-forwarded-proto": "https" },
      "https://relay.example",
    ],
    [
      "another host behind a stranger's",
      { host: "inner", ...forwarded, "x-forwarded-host": "evil.example, relay.example:8443" },
      "https://relay.example:8443",
    ],
    [
      "another scheme behind a stranger's",
      { host: "relay.example", "x-forwarded-proto": "https, http" },
      "http://relay.example",
    ],
    [
      "it as another trusted one before it did",
      {
        host: "inner",
        "x-forwarded-for": "192.0.2.9, 10.0.0.3",
        "x-forwarded-proto": "https, http",
        "x-forwarded-host": "evil.example, relay.example, middle.example",
      },
      "https://relay.example",
    ],
  ])("is what a trusted proxy says by %s", (_what, headers, origin) => {
    expect(of(headers, { peer: PROXY })).toEqual({ origin, base: origin, doubt: undefined });
  });

  it("is not what others say, but then it is in doubt", () => {
    const at = of({ host: "inner:8787", ...forwarded });
    expect(at?.origin).toBe("http://inner:8787");
    expect(at?.doubt).toMatchObject({
      message: expect.stringContaining("192.0.2.1"),
      hint: expect.stringMatching(/--public-url .*--trusted-proxy 192\.0\.2\.1/),
    });
    const same = {
      host: "relay.example:8787",
      "x-forwarded-proto": "http",
      "x-forwarded-host": "relay.example:8787",
    };
    expect(of(same)?.doubt).toBeUndefined();
  });

  it("is in doubt where a trusted proxy does not say how it was reached", () => {
    expect(of({ host: "relay.example" }, { peer: PROXY })).toMatchObject({
      origin: "http://relay.example",
      doubt: { message: expect.stringContaining(PROXY), hint: expect.stringContaining("X-Forwarded-Proto") },
    });
  });
});

underEachRuntime("a relay behind a TLS proxy, without --public-url", (runtime) => {
  const headers = { "x-forwarded-proto": "https", "x-forwarded-host": "relay.example" };
  const make = async (relay: RelayProcess, more: Record<string, string> = headers) =>
    await fetch(`${relay.url}/v1/tenants/default/invites`, {
      method: "POST",
      headers: { authorization: `Bearer ${relay.adminToken}`, "content-type": "application/json", ...more },
      body: JSON.stringify({ network: "lan" }),
    });

  it("makes invites, enrols and lets in by the name that the trusted proxy says", async () => {
    await using relay = await RelayProcess.start(runtime, { args: ["--trusted-proxy", "127.0.0.1"] });
    const response = await make(relay);
    expect(response.status).toBe(201);
    const made = (await response.json()) as Invite & { app_link: string };
    expect(made.link).toMatch(/^https:\/\/relay\.example\/join#v1\.default\./);
    expect(made.app_link).toMatch(/^laneway:\/\/relay\.example\/join#/);

    const by = { ...made, secret: made.link.split(".").at(-1) ?? "" };
    const device = new TestDevice(relay);
    const enrol = async (origin: string) =>
      await fetch(`${relay.url}/v1/enrol`, {
        method: "POST",
        headers: { "content-type": "application/json", ...headers },
        body: JSON.stringify(device.enrolment(by, { origin })),
      });
    expect((await enrol(relay.url)).status).toBe(403);
    const enrolled = await enrol("https://relay.example");
    expect(enrolled.status).toBe(201);
    device.id = ((await enrolled.json()) as { device: string }).device;
    await using client = await TunnelClient.open(relay.url, { headers });
    const { nonce, relay: named } = await client.control("challenge");
    expect(named).toBe("https://relay.example");
    client.say(hello(device.auth(nonce, "https://relay.example")));
    await client.control("welcome");
  });

  it("says what is missing where it does not know the proxy, or the proxy does not say", async () => {
    await using stranger = await RelayProcess.start(runtime);
    const refused = await make(stranger);
    expect(refused.status).toBe(409);
    expect(await refused.json()).toMatchObject({
      code: "invite.no-url",
      hint: expect.stringMatching(/--public-url.*--trusted-proxy 127\.0\.0\.1/),
    });
    expect((await make(stranger, {})).status).toBe(201);

    await using silent = await RelayProcess.start(runtime, { args: ["--trusted-proxy", "127.0.0.1"] });
    const again = await make(silent, {});
    expect(again.status).toBe(409);
    expect(await again.json()).toMatchObject({ code: "invite.no-url" });

    await using told = await RelayProcess.start(runtime, {
      args: ["--public-url", "https://own.example/lane"],
    });
    const { link } = (await (await make(told)).json()) as Invite;
    expect(link).toMatch(/^https:\/\/own\.example\/lane\/join#/);
  });
});

underEachRuntime("a request for a host that can't be", (runtime) => {
  const relay = sharedRelay(runtime);

  it.each(["a b", 'x"y', "evil.example/path", "u@evil.example", "x".repeat(300)])(
    "is refused with 400, the tunnel's too: %j",
    async (host) => {
      expect(await statusOf(relay().url, "/healthz", host)).toBe(400);
      await expect(TunnelClient.open(relay().url, { headers: { host } })).rejects.toThrow(/response: 400$/);
    },
  );
});

async function statusOf(url: string, path: string, host: string): Promise<number | undefined> {
  return await new Promise((resolve, reject) => {
    const asked = request(`${url}${path}`, { headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    asked.on("error", reject);
    asked.end();
  });
}
