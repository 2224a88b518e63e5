import fc from "fast-check";
import { expect, it } from "vitest";
import { hello, TunnelClient } from "../../../support/relay/client.ts";
import { invite, TestDevice } from "../../../support/relay/device.ts";
import { sharedRelay, underEachRuntime } from "../../../support/relay/runtimes.ts";

/** Any JSON value, including some that parsers stumble over. */
const anything = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom<fc.JsonValue>(null, "", "\u0000", "\ud800", 1e308, -0, {}, [], { length: 1 }, "__proto__"),
  fc.constant<fc.JsonValue>(
    JSON.parse('{"__proto__":{"tenant":"default"},"constructor":null}') as fc.JsonValue,
  ),
);

/** An object like this one, with some fields missing, changed or added. */
function spoiled(model: Readonly<Record<string, fc.JsonValue>>): fc.Arbitrary<Record<string, fc.JsonValue>> {
  const fields = Object.entries(model).map(
    ([name, value]): [string, fc.Arbitrary<fc.JsonValue | undefined>] => [
      name,
      fc.oneof({ weight: 3, arbitrary: fc.constant(value) }, anything, fc.constant(undefined)),
    ],
  );
  return fc
    .tuple(fc.record(Object.fromEntries(fields)), fc.dictionary(fc.string(), anything, { maxKeys: 2 }))
    .map(([said, more]) => {
      const kept = Object.entries(said).filter(
        (entry): entry is [string, fc.JsonValue] => entry[1] !== undefined,
      );
      return { ...more, ...Object.fromEntries(kept) };
    });
}

/** Allowed close codes for invalid control messages: never 1011 or 1013, which mean that the relay failed. */
const CLOSES = [4001, 4002, 4004];

underEachRuntime("a relay that receives arbitrary input", (runtime) => {
  const relay = sharedRelay(runtime);

  /** Expects a success, or a problem caused by the client. */
  async function expectAnswered(response: Response, what: string): Promise<void> {
    const text = await response.text();
    expect(response.status, `${what}: ${text}`).toBeLessThan(500);
    if (response.ok) return;
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    expect(JSON.parse(text)).toMatchObject({ status: response.status, code: expect.stringMatching(/./) });
  }

  async function enrol(body: string | Uint8Array<ArrayBuffer>): Promise<Response> {
    return await fetch(`${relay().url}/v1/enrol`, { method: "POST", body });
  }

  it("answers invalid enrolments with a problem", async () => {
    const network = await relay().network();
    const by = await invite(relay(), network, { uses: 1_000 });
    const device = new TestDevice(relay());
    const model = {
      tenant: network.tenant,
      invite: by.secret,
      name: "laptop",
      public_key: device.publicKey,
      proof: device.sign("something else"),
    };
    await fc.assert(
      fc.asyncProperty(fc.oneof(anything, spoiled(model)), async (body) => {
        await expectAnswered(await enrol(JSON.stringify(body)), JSON.stringify(body));
      }),
      { numRuns: 300 },
    );
    expect(await relay().must("GET", `/tenants/${network.tenant}/devices`)).toEqual([]);
  });

  it("answers enrolments that are not JSON with a problem", async () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.string().map((text) => new TextEncoder().encode(text)),
      fc.nat(3_000).map((depth) => new TextEncoder().encode("[".repeat(depth))),
    );
    await fc.assert(
      fc.asyncProperty(bytes, async (body) => {
        await expectAnswered(await enrol(Uint8Array.from(body)), Buffer.from(body).toString("hex"));
      }),
      { numRuns: 100 },
    );
  });

  it("answers administrators with a success or a problem", async () => {
    const { tenant, name } = await relay().network();
    const path = `/tenants/${tenant}`;
    const asked: [string, string, Record<string, fc.JsonValue>][] = [
      ["POST", "/tenants", { name: "t" }],
      [
        "POST",
        `${path}/networks`,
        { name: "n", vni: 9_000, subnet: "10.0.0.0/24", mtu: 1_400, settings: {} },
      ],
      ["PATCH", `${path}/networks/${name}`, { settings: { ageing: 60, ethertypes: "all" } }],
      ["POST", `${path}/networks/${name}/fdb`, { mac: "02:00:00:00:00:01", port: "p" }],
      ["POST", `${path}/networks/${name}/addresses`, { address: "10.0.0.5" }],
      [
        "POST",
        `${path}/tokens`,
        { network: name, networks: [], roles: ["router"], name: "x", expires_in: 5 },
      ],
      ["POST", `${path}/invites`, { network: name, uses: 3, expires_in: 60 }],
      ["POST", `${path}/admins`, { name: "ann", expires_in: 60 }],
      ["PATCH", `${path}/limits`, { devices: 5, bytes_per_second: 1_000 }],
    ];
    for (const [method, at, model] of asked) {
      await fc.assert(
        fc.asyncProperty(fc.oneof(anything, spoiled(model)), async (body) => {
          await expectAnswered(
            await relay().api(method, at, body),
            `${method} ${at} ${JSON.stringify(body)}`,
          );
        }),
        { numRuns: 40 },
      );
    }
    for (const query of [
      "limit=x",
      "limit=0",
      "cursor=%00",
      "cursor=bnVsbA",
      "since=-1",
      "order=up",
      "from=%ff&to=%00",
    ]) {
      for (const what of ["audit", "devices", `networks/${name}/trace`, `networks/${name}/fdb`, "notices"]) {
        await expectAnswered(await relay().api("GET", `${path}/${what}?${query}`), `${what}?${query}`);
      }
    }
  });

  it("closes the tunnel properly if the first message is no hello", async () => {
    const { token } = await relay().network();
    const model = JSON.parse(JSON.stringify(hello({ token: `${token}x` }))) as Record<string, fc.JsonValue>;
    const auth = spoiled({ method: "device", device: "0123456789abcdef", signature: "A".repeat(86) });
    const first = fc.oneof(
      anything,
      spoiled(model),
      auth.map((said) => ({ ...model, auth: said })),
    );
    await fc.assert(
      fc.asyncProperty(first, async (message) => {
        await using client = await TunnelClient.open(relay().url);
        client.sayRaw(JSON.stringify(message));
        // An ignored message is followed by one that is not ignored.
        client.sayRaw("no JSON");
        const { code, reason } = await client.closed;
        if (!/^too many wrong credentials/.test(reason)) expect(CLOSES).toContain(code);
      }),
      { numRuns: 80 },
    );
  });

  it("keeps a session, or closes it with 4002, whatever it sends", async () => {
    const { token, vni } = await relay().network();
    const types = fc.constantFrom(
      "join",
      "leave",
      "register",
      "ping",
      "pong",
      "hello",
      "welcome",
      "other",
      "",
    );
    const endpoint = spoiled({ mac: "02:00:00:00:00:01", addresses: ["10.0.0.1"], name: "vm" });
    const request = fc
      .tuple(types, spoiled({ vni, id: 1 }), fc.oneof(anything, fc.array(endpoint, { maxLength: 3 })))
      .map(([type, said, endpoints]) => ({ ...said, endpoints, type }));
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof({ weight: 5, arbitrary: request }, anything), { maxLength: 8 }),
        async (messages) => {
          await using client = await TunnelClient.welcomed(relay().url, token);
          for (const message of messages) client.sayRaw(JSON.stringify(message));
          const isObject = (message: unknown) =>
            typeof message === "object" &&
            message !== null &&
            typeof (message as { type?: unknown }).type === "string";
          if (messages.every(isObject)) await client.sync();
          else expect((await client.closed).code).toBe(4002);
        },
      ),
      { numRuns: 60 },
    );
  });

  it("has not failed internally", async () => {
    // It would have logged a failure.
    const { code, stderr } = await relay().stop();
    expect(code).toBe(0);
    expect(stderr.split("\n").filter((line) => line.includes('"level":50'))).toEqual([]);
  });
});
