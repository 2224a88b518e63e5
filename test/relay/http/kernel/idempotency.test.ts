import { describe, expect, it } from "vitest";
import { Idempotency } from "../../../../relay/http/kernel/idempotency.ts";
import { sharedRelay, underEachRuntime } from "../../../support/relay/runtimes.ts";

const DAY = 86_400;

function asked(
  key: string,
  { administrator = "ann", tenant = "", request = "POST /x\n{}", secret = "s3cret" } = {},
) {
  return { tenant: tenant || administrator, administrator, secret, key, request };
}

/** Returns work that counts its calls, and answers with the count. */
function counting() {
  const done = { times: 0 };
  const work = async () => Response.json({ times: ++done.times, token: "very-secret" }, { status: 201 });
  return { done, work };
}

describe("a request with an idempotency key", () => {
  it("gets the same bytes again for a day, whether or not the key is quoted", async () => {
    let now = 0;
    const idempotency = new Idempotency(() => now);
    const { done, work } = counting();
    const first = await (await idempotency.once(asked('"k-1"'), work)).text();
    now = DAY - 1;
    const again = await idempotency.once(asked("k-1"), work);
    expect([again.status, await again.text()]).toEqual([201, first]);
    expect(done.times).toBe(1);
    now = DAY + 1;
    await idempotency.once(asked("k-1"), work);
    expect(done.times).toBe(2);
  });

  it("is performed again for another administrator with the same key", async () => {
    const idempotency = new Idempotency(() => 0);
    const { done, work } = counting();
    await idempotency.once(asked("k"), work);
    await idempotency.once(asked("k", { administrator: "bob", request: "POST /other\n{}" }), work);
    expect(done.times).toBe(2);
  });

  it("is refused if another request had the key", async () => {
    const idempotency = new Idempotency(() => 0);
    const { work } = counting();
    await idempotency.once(asked("k"), work);
    await expect(idempotency.once(asked("k", { request: "POST /x\n[]" }), work)).rejects.toMatchObject({
      code: "idempotency.mismatch",
    });
  });

  it("is refused while in progress, and performed again after a failure", async () => {
    const idempotency = new Idempotency(() => 0);
    const { promise, resolve } = Promise.withResolvers<Response>();
    const begun = Promise.withResolvers<void>();
    const first = idempotency.once(asked("k"), () => {
      begun.resolve();
      return promise;
    });
    await begun.promise;
    const { work } = counting();
    await expect(idempotency.once(asked("k"), work)).rejects.toMatchObject({ code: "idempotency.in-flight" });
    resolve(new Response(null, { status: 409 }));
    expect((await first).status).toBe(409);
    await expect(idempotency.once(asked("k"), () => Promise.reject(new Error("broken")))).rejects.toThrow(
      "broken",
    );
    expect((await idempotency.once(asked("k"), work)).status).toBe(201);
  });

  it("is remembered for an administrator's last 500 requests, regardless of others", async () => {
    const idempotency = new Idempotency(() => 0);
    const { done, work } = counting();
    await idempotency.once(asked("bob's", { administrator: "bob" }), work);
    for (let i = 0; i <= 500; i++) await idempotency.once(asked(`k${i}`), work);
    const before = done.times;
    await idempotency.once(asked("bob's", { administrator: "bob" }), work);
    await idempotency.once(asked("k500"), work);
    expect(done.times).toBe(before);
    await idempotency.once(asked("k0"), work);
    expect(done.times).toBe(before + 1);
  });

  it("shares the limit among all administrators of a tenant", async () => {
    const idempotency = new Idempotency(() => 0);
    const { done, work } = counting();
    const of = (i: number) => asked("k", { administrator: `admin-${i}`, tenant: "acme" });
    for (let i = 0; i <= 500; i++) await idempotency.once(of(i), work);
    await idempotency.once(of(500), work);
    expect(done.times).toBe(501);
    await idempotency.once(of(0), work);
    expect(done.times).toBe(502);
  });

  it("is remembered within a size for each tenant and in total; the largest tenant loses its oldest first", async () => {
    const idempotency = new Idempotency(() => 0);
    let done = 0;
    const work = async () => {
      done++;
      return Response.json({ text: "x".repeat(60_000) }, { status: 201 });
    };
    const first = asked("first", { tenant: "small" });
    await idempotency.once(first, work);
    // 512 KiB hold eight answers.
    for (let i = 0; i < 20; i++) await idempotency.once(asked(`k${i}`, { tenant: "large" }), work);
    const before = done;
    await idempotency.once(first, work);
    await idempotency.once(asked("k19", { tenant: "large" }), work);
    expect(done).toBe(before);
    await idempotency.once(asked("k11", { tenant: "large" }), work);
    expect(done).toBe(before + 1);
    // 16 MiB hold fewer than 40 tenants with full budgets.
    for (let tenant = 0; tenant < 40; tenant++) {
      for (let i = 0; i < 8; i++) await idempotency.once(asked(`k${i}`, { tenant: `t${tenant}` }), work);
    }
    const filled = done;
    await idempotency.once(first, work);
    expect(done).toBe(filled);
  });

  it.each(["", '""', '"unbalanced', "with space", '"tab\t"', "ü", "k".repeat(256), `"${"k".repeat(256)}"`])(
    "has no key '%s'",
    async (key) => {
      const idempotency = new Idempotency(() => 0);
      await expect(idempotency.once(asked(key), counting().work)).rejects.toMatchObject({
        code: "request.invalid",
      });
    },
  );
});

underEachRuntime("the header Idempotency-Key", (runtime) => {
  const relay = sharedRelay(runtime);

  async function post(path: string, body: unknown, key: string, token = relay().adminToken) {
    const response = await fetch(`${relay().url}/v1${path}`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "idempotency-key": key },
      body: JSON.stringify(body),
    });
    return { status: response.status, text: await response.text() };
  }

  it("creates every kind of resource only once, and repeats the answer with its secret", async () => {
    const network = await relay().network();
    const path = `/tenants/${network.tenant}`;
    await relay().must("POST", `${path}/networks`, { name: "numbered", subnet: "10.20.0.0/24" });
    const kinds: [string, string, object][] = [
      ["/tenants", "/tenants", { name: `${network.tenant}-more` }],
      [`${path}/networks`, `${path}/networks`, { name: "more" }],
      [`${path}/tokens`, `${path}/tokens`, { network: network.name }],
      [`${path}/invites`, `${path}/invites`, { network: network.name }],
      [`${path}/admins`, `${path}/admins`, {}],
      [
        `${path}/networks/numbered/addresses`,
        `${path}/networks/numbered/addresses`,
        { address: "10.20.0.9" },
      ],
    ];
    for (const [to, list, body] of kinds) {
      const first = await post(to, body, `"once ${to}"`);
      expect(first.status, to).toBe(201);
      const made = (await relay().must("GET", list)) as object[];
      expect(await post(to, body, `"once ${to}"`), to).toEqual(first);
      expect(await relay().must("GET", list), to).toEqual(made);
    }
    const log = (await relay().must("GET", `${path}/audit`)) as { action: string }[];
    expect(log.filter(({ action }) => action === "invite.create")).toHaveLength(1);
  });

  it("is answered 422 with another body or path; without a key a duplicate is answered 409", async () => {
    const { tenant } = await relay().network();
    const path = `/tenants/${tenant}/networks`;
    expect((await post(path, { name: "one" }, "k1")).status).toBe(201);
    for (const [to, body] of [
      [path, { name: "two" }],
      ["/tenants", { name: "one" }],
    ] as const) {
      const { status, text } = await post(to, body, "k1");
      expect(status).toBe(422);
      expect(JSON.parse(text)).toMatchObject({ code: "idempotency.mismatch", status: 422 });
    }
    expect(JSON.parse((await post(path, { name: "one" }, "k2")).text)).toMatchObject({
      code: "network.taken",
    });
    expect((await post(path, { name: "three" }, "not a key")).status).toBe(400);
  });

  it("creates one resource for many concurrent requests", async () => {
    const { tenant, name } = await relay().network();
    const path = `/tenants/${tenant}/invites`;
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => post(path, { network: name }, "at-once")),
    );
    const made = new Set(answers.filter(({ status }) => status === 201).map(({ text }) => text));
    expect(made.size).toBe(1);
    for (const { status } of answers) expect([201, 409]).toContain(status);
    expect(await relay().must("GET", path)).toHaveLength(1);
  });

  it("belongs to the administrator who sent it, and is forgotten after a failure", async () => {
    const one = await relay().network();
    const made = (await relay().must("POST", `/tenants/${one.tenant}/admins`, {})) as { token: string };
    const path = `/tenants/${one.tenant}/tokens`;
    const body = { network: one.name };
    const first = await post(path, body, "shared");
    const other = await post(path, body, "shared", made.token);
    expect(other.status).toBe(201);
    expect(other.text).not.toBe(first.text);
    expect((await post(path, { network: "late" }, "again")).status).toBe(404);
    await relay().must("POST", `/tenants/${one.tenant}/networks`, { name: "late" });
    expect((await post(path, { network: "late" }, "again")).status).toBe(201);
  });
});
