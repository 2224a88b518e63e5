// `laneway doctor` by itself, without an agent.
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { laneway, startRelay, type TestRelay } from "../../support/network/lab.ts";
import { makeCertificate } from "../../support/relay/certificate.ts";
import { requires } from "../../support/requirements.ts";

describe("laneway doctor, without an agent", { timeout: 120_000 }, () => {
  let relay: TestRelay;
  let directory: string;
  beforeAll(async () => {
    relay = await startRelay();
    directory = await mkdtemp(join(tmpdir(), "laneway-doctor-"));
  });
  afterAll(async () => {
    await relay?.[Symbol.asyncDispose]();
    if (directory !== undefined) await rm(directory, { recursive: true, force: true });
  });

  function env(): Record<string, string> {
    return { LANEWAY_STATE: join(directory, "state"), LANEWAY_SOCKET: join(directory, "no.sock") };
  }

  async function doctor(...args: string[]) {
    const { code, stderr, objects } = await laneway(["doctor", ...args, "--json"], { env: env() });
    const result = new Map(objects.map(({ check, state }) => [check, state]));
    return { code, stderr, objects, result };
  }

  /** These tests do not depend on whether this machine allows TAPs. */
  function butTap(result: Map<unknown, unknown>): Record<string, unknown> {
    return Object.fromEntries([...result].filter(([check]) => check !== "tap"));
  }

  it("checks the whole way to the relay, in order, and tries the token", async () => {
    const { result, objects } = await doctor("--relay", relay.url, "--token", await relay.token());
    expect([...result.keys()]).toEqual([
      "tap",
      "dns",
      "reach",
      "tls",
      "websocket",
      "auth",
      "mtu",
      "overlap",
      "peer",
    ]);
    expect(butTap(result)).toEqual({
      dns: "skipped",
      reach: "pass",
      tls: "skipped",
      websocket: "pass",
      auth: "pass",
      mtu: "pass",
      overlap: "pass",
      peer: "skipped",
    });
    const auth = objects.find(({ check }) => check === "auth");
    expect(auth).toEqual({
      check: "auth",
      state: "pass",
      detail: "the token is accepted for lan",
      hint: null,
      value: null,
      unit: null,
    });
  });

  it("exits with 0 if nothing failed, and with 1 otherwise", async () => {
    for (const args of [["--relay", relay.url], []]) {
      const { code, result } = await doctor(...args);
      expect(code).toBe([...result.values()].includes("fail") ? 1 : 0);
    }
    expect((await doctor("--relay", relay.url, "--token", "wrong")).code).toBe(1);
  });

  it("says what to do about a token that is refused", async () => {
    const { objects } = await doctor("--relay", relay.url, "--token", "wrong");
    expect(objects.find(({ check }) => check === "auth")).toMatchObject({
      state: "fail",
      detail: expect.stringContaining("refused the token"),
      hint: expect.stringContaining("laneway token create"),
    });
    expect(objects.find(({ check }) => check === "peer")).toMatchObject({
      state: "skipped",
      detail: "not tried, because 'auth' failed",
    });
  });

  it("tries the device's key on a machine that has joined", async () => {
    const invite = await relay.create("invite", "create", "--network", "lan");
    await laneway(["join", String(invite["link"])], { env: env() });
    const { objects } = await doctor("lan");
    const auth = objects.find(({ check }) => check === "auth");
    // If another TAP of this machine is in use, the device may be too.
    if (auth?.["state"] !== "skipped") expect(auth?.["detail"]).toBe("the device is accepted for lan");
    expect(auth).toMatchObject({
      detail: expect.stringMatching(/accepted for lan|may be of a 'laneway up'/),
    });
  });

  it("stops at the first thing that does not work, and names it", async () => {
    const refused = await doctor("--relay", await nobodysUrl());
    expect(refused.code).toBe(1);
    expect(butTap(refused.result)).toMatchObject({ reach: "fail", tls: "skipped", websocket: "skipped" });
    expect(refused.objects.find(({ check }) => check === "reach")?.["hint"]).toContain(
      "Nothing listens there",
    );

    const unknown = await doctor("--relay", "http://relay.invalid");
    expect(butTap(unknown.result)).toMatchObject({ dns: "fail", reach: "skipped", mtu: "skipped" });

    const plain = await doctor("--relay", relay.url.replace("http:", "https:"));
    expect(butTap(plain.result)).toMatchObject({ reach: "pass", tls: "fail", websocket: "skipped" });
  });

  it.runIf(requires("openssl"))("checks whether the certificate is trusted", async () => {
    const { cert, key } = makeCertificate(directory);
    await using secure = await startRelay(undefined, ["--tls-cert", cert, "--tls-key", key]);
    const stranger = await doctor("--relay", secure.url);
    expect(butTap(stranger.result)).toMatchObject({ reach: "pass", tls: "fail", websocket: "skipped" });
    expect(stranger.objects.find(({ check }) => check === "tls")?.["hint"]).toContain("--ca FILE");

    expect(butTap((await doctor("--relay", secure.url, "--ca", cert)).result)).toMatchObject({ tls: "pass" });
    const args = ["doctor", "--relay", secure.url, "--json"];
    const { objects } = await laneway(args, { env: { ...env(), NODE_EXTRA_CA_CERTS: cert } });
    const result = new Map(objects.map(({ check, state }) => [check, state]));
    expect(butTap(result)).toMatchObject({ tls: "pass", websocket: "pass", mtu: "pass" });
  });

  it("distinguishes a web server from a relay", async () => {
    const server: Server = createServer((_request, response) => response.end("hello"));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const { result, objects } = await doctor("--relay", `http://127.0.0.1:${port}`);
    expect(butTap(result)).toMatchObject({ reach: "pass", websocket: "fail", auth: "skipped" });
    expect(objects.find(({ check }) => check === "websocket")?.["detail"]).toContain(
      "is not a Laneway relay",
    );
    server.close();
  });

  it("reports that no relay is known, and shows people a table", async () => {
    const other = { ...env(), LANEWAY_STATE: join(directory, "empty") };
    const { stdout } = await laneway(["doctor"], { env: other });
    expect(stdout).toMatch(/^CHECK +RESULT +FOUND\ntap +/);
    expect(stdout).toMatch(/\nreach +skipped +no relay is known\n/);
    expect(stdout.match(/laneway join LINK/g)).toHaveLength(1);
  });
});

/** Returns the URL of a port without a listener: it was in use a moment ago. */
async function nobodysUrl(): Promise<string> {
  const server = createTcpServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}`;
}
