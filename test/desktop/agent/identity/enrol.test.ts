// Enrolment against servers that answer like a relay, or as no relay should. (test/end-to-end/network/join.test.ts has
// a real one.)
import { createHash, createPublicKey, verify } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { DeviceStore } from "../../../../desktop/agent/identity/device-store.ts";
import { type DeviceEnrolOptions, enrol } from "../../../../desktop/agent/identity/enrol.ts";
import { Fault } from "../../../../shared/values/fault.ts";

const SECRET = "Zm9vYmFyYmF6-_3q2-7wAAECAwQFBgcICQoLDA0ODxA";
const ANSWER = { device: "d1", tenant: "acme", name: "lab-pc", networks: [{ name: "lan", vni: 101 }] };

interface Asked {
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Record<string, string>;
}

/** Gives every request the same answer, and records the requests. */
class Answering implements AsyncDisposable {
  readonly asked: Asked[] = [];
  readonly #server;

  constructor(answer: (response: ServerResponse, asked: Asked) => void) {
    this.#server = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const text = Buffer.concat(chunks).toString();
      const body = (text === "" ? {} : JSON.parse(text)) as Record<string, string>;
      const asked = { url: request.url ?? "", headers: request.headers, body };
      this.asked.push(asked);
      answer(response, asked);
    });
  }

  async url(path = ""): Promise<URL> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return new URL(`http://127.0.0.1:${(this.#server.address() as AddressInfo).port}${path}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

function json(status: number, body: object, headers: Record<string, string> = {}) {
  return (response: ServerResponse) => {
    response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
  };
}

let directory: string;
let store: DeviceStore;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "laneway-enrol-"));
  store = new DeviceStore(directory);
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function options(relay: URL, more: Partial<DeviceEnrolOptions> = {}): DeviceEnrolOptions {
  const { signal } = new AbortController();
  return { relay, tenant: "acme", secret: SECRET, name: "lab-pc", store, signal, ...more };
}

/** Returns the fault of an enrolment, which must fail without revealing the secret. */
async function faultOf(enrolment: Promise<unknown>): Promise<Fault> {
  const error: unknown = await enrolment.then(
    () => expect.unreachable("it was let in"),
    (reason: unknown) => reason,
  );
  if (!(error instanceof Fault)) throw error;
  expect([error.message, error.hint, error.stack, String(error.cause)].join()).not.toContain(SECRET);
  expect(error.exitCode).toBe(1);
  return error;
}

describe("an enrolment", () => {
  it("proves possession of the key for this relay and invite, and stores the answer", async () => {
    await using relay = new Answering(json(201, ANSWER));
    const url = await relay.url("/some/where/");
    const device = await enrol(options(url));
    expect(device.enrolment).toEqual({ device: "d1", name: "lab-pc", networks: ANSWER.networks });

    const [asked, ...more] = relay.asked;
    expect(more).toEqual([]);
    expect(asked?.url).toBe("/some/where/v1/enrol");
    expect(asked?.headers).not.toHaveProperty("authorization");
    const { public_key = "", proof = "", ...rest } = asked?.body ?? {};
    expect(rest).toEqual({ tenant: "acme", invite: SECRET, name: "lab-pc" });
    expect(public_key).toBe(device.key.publicKey);
    const digest = createHash("sha256").update(SECRET).digest("base64url");
    const text = `laneway.enrol.v1\n${url.origin}\nacme\n${digest}\n${public_key}`;
    const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x: public_key }, format: "jwk" });
    expect(verify(null, Buffer.from(text), key, Buffer.from(proof, "base64url"))).toBe(true);

    const [kept] = store.enrolled();
    expect(kept).toMatchObject({ tenant: "acme", enrolment: device.enrolment });
    expect(kept?.relay.href).toBe(`${url.origin}/some/where`);
    expect(kept?.key.publicKey).toBe(public_key);
  });

  it("uses the same key when repeated, also after a lost answer", async () => {
    let answers = 0;
    await using relay = new Answering((response) => {
      if (++answers === 1) response.destroy();
      else json(201, ANSWER)(response);
    });
    const url = await relay.url();
    expect(await faultOf(enrol(options(url)))).toMatchObject({
      code: "relay.unreachable",
      hint: expect.stringContaining("try the same invite again"),
    });
    expect(store.enrolled()).toEqual([]);
    await enrol(options(url));
    await enrol(options(url, { secret: SECRET.toLowerCase() }));
    expect(new Set(relay.asked.map(({ body }) => body["public_key"])).size).toBe(1);
    expect(store.enrolled()).toHaveLength(1);
  });

  it.each([
    ["invite.refused", 403, /complete/],
    ["invite.expired", 403, /new one/],
    ["invite.used-up", 403, /new one/],
    ["invite.revoked", 403, /new one/],
    ["enrol.bad-proof", 403, /--public-url/],
    ["enrol.bad-key", 400, /\.json' away/],
    ["limit.devices", 409, /limit/],
    ["rate.limited", 429, /in 7 s/],
    ["something.new", 400, /as the relay says/],
  ])("that is refused with %s prints the next step", async (code, status, hint) => {
    const problem = { status, code, detail: "it won't do", hint: "do as the relay says" };
    await using relay = new Answering(json(status, problem, { "retry-after": "7" }));
    const fault = await faultOf(enrol(options(await relay.url())));
    expect(fault).toMatchObject({ code, message: expect.stringContaining("it won't do") });
    expect(fault.hint).toMatch(hint);
    expect(store.enrolled()).toEqual([]);
  });

  it("does not show the secret, even if the answer contains it", async () => {
    await using relay = new Answering((response, { body }) =>
      json(403, { code: "invite.odd", detail: JSON.stringify(body), hint: JSON.stringify(body) })(response),
    );
    expect((await faultOf(enrol(options(await relay.url())))).message).toContain(
      "did not let this device in",
    );
  });

  it("does not follow redirects with its secret", async () => {
    await using other = new Answering(json(201, ANSWER));
    const location = (await other.url("/v1/enrol")).href;
    await using relay = new Answering(json(307, {}, { location }));
    expect(await faultOf(enrol(options(await relay.url())))).toMatchObject({ code: "relay.not-a-relay" });
    expect(other.asked).toEqual([]);
  });

  it.each([
    ["a page for everything", (response: ServerResponse) => response.end("<h1>It works!</h1>")],
    ["no such page", (response: ServerResponse) => response.writeHead(404).end("Not found")],
    ["other JSON", json(201, { ok: true })],
    ["another tenant", json(201, { ...ANSWER, tenant: "other" })],
    ["another status", json(200, ANSWER)],
    ["no end", (response: ServerResponse) => response.writeHead(201).end(" ".repeat(1_100_000))],
  ])("fails if the answer is %s", async (_what, answer) => {
    await using relay = new Answering(answer);
    const url = await relay.url();
    const fault = await faultOf(enrol(options(url)));
    expect(fault).toMatchObject({ code: "relay.not-a-relay", message: expect.stringContaining(url.href) });
    expect(store.enrolled()).toEqual([]);
  });

  it("rejects unsafe names, devices and networks", async () => {
    const networks = [
      { name: "lan", vni: 101 },
      { name: "../x", vni: 102 },
      { name: "\x1b[31m", vni: 103 },
    ];
    await using relay = new Answering(json(201, { ...ANSWER, name: "lab\u202e\n-pc", networks }));
    const { enrolment } = await enrol(options(await relay.url()));
    expect(enrolment).toEqual({ device: "d1", name: "lab -pc", networks: [{ name: "lan", vni: 101 }] });

    await using other = new Answering(json(201, { ...ANSWER, device: "d1\nlaneway.enrol.v1" }));
    expect((await faultOf(enrol(options(await other.url())))).code).toBe("relay.not-a-relay");
  });

  it("reports that no relay answers", async () => {
    const fault = await faultOf(enrol(options(new URL("http://127.0.0.1:1023"))));
    expect(fault).toMatchObject({
      code: "relay.unreachable",
      message: "can't reach http://127.0.0.1:1023/: ECONNREFUSED",
      hint: expect.stringMatching(/this machine itself.*--relay/),
    });
  });

  it("can be aborted", async () => {
    await using relay = new Answering(() => {});
    const controller = new AbortController();
    const enrolment = enrol(options(await relay.url(), { signal: controller.signal }));
    await expect.poll(() => relay.asked.length).toBe(1);
    controller.abort(new Error("enough"));
    await expect(enrolment).rejects.toThrow("enough");
  });
});
