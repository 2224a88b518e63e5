import { expect, it } from "vitest";
import { TunnelClient } from "../../support/relay/client.ts";
import { sharedRelay, underEachRuntime } from "../../support/relay/runtimes.ts";

underEachRuntime("a tenant's administrator", (runtime) => {
  const relay = sharedRelay(runtime);

  async function admin(fields: object = {}) {
    const network = await relay().network();
    const made = await relay().must("POST", `/tenants/${network.tenant}/admins`, { name: "ann", ...fields });
    const { id, token } = made as { id: string; token: string };
    return { ...network, id, admin: token };
  }

  async function ask(token: string, method: string, path: string, body?: unknown) {
    const response = await relay().api(method, path, body, token);
    const text = await response.text();
    return { status: response.status, answer: text === "" ? undefined : (JSON.parse(text) as unknown) };
  }

  it("administers its own tenant", async () => {
    const { tenant, name, admin: token } = await admin();
    const own = `/tenants/${tenant}`;
    expect(await ask(token, "GET", "/tenants")).toEqual({ status: 200, answer: [{ name: tenant }] });
    expect((await ask(token, "POST", `${own}/networks`, { name: "more" })).status).toBe(201);
    expect((await ask(token, "POST", `${own}/tokens`, { network: name })).status).toBe(201);
    expect((await ask(token, "POST", `${own}/invites`, { network: name })).status).toBe(201);
    for (const what of ["networks", "tokens", "invites", "devices", "audit", "limits"]) {
      expect((await ask(token, "GET", `${own}/${what}`)).status, what).toBe(200);
    }
    for (const what of ["fdb", "groups", "neighbours", "counters"]) {
      expect((await ask(token, "GET", `${own}/networks/${name}/${what}`)).status, what).toBe(200);
    }
    const changed = await ask(token, "PATCH", `${own}/networks/${name}`, { settings: { ageing: 60 } });
    expect(changed).toMatchObject({ status: 200, answer: { settings: { ageing: 60 } } });
    expect(await ask(token, "GET", `${own}/audit`)).toMatchObject({
      answer: expect.arrayContaining([expect.objectContaining({ action: "network.change", object: name })]),
    });
    const capture = await relay().api("GET", `${own}/networks/${name}/capture`, undefined, token);
    expect(capture.headers.get("content-type")).toBe("application/x-pcapng");
    await capture.body?.cancel();
    expect((await ask(token, "DELETE", `${own}/networks/more`)).status).toBe(204);
  });

  it("gets the same answer for another tenant as for a missing one", async () => {
    const { admin: token } = await admin();
    const foreign = await relay().network();
    const paths: [string, string, unknown?][] = [
      ["DELETE", ""],
      ["GET", "/networks"],
      ["POST", "/networks", { name: "mine" }],
      ["POST", "/networks", "what is this"],
      ["GET", `/networks/${foreign.name}`],
      ["DELETE", `/networks/${foreign.name}`],
      ["PATCH", `/networks/${foreign.name}`, { settings: { ageing: 60 } }],
      ...["fdb", "groups", "neighbours", "counters", "trace?from=a&to=b", "capture"].map(
        (what): [string, string] => ["GET", `/networks/${foreign.name}/${what}`],
      ),
      ["GET", `/networks/${foreign.name}/addresses`],
      ["GET", "/tokens"],
      ["POST", "/tokens", { network: foreign.name }],
      ["DELETE", `/tokens/${foreign.tokenId}`],
      ["GET", "/invites"],
      ["POST", "/invites", { network: foreign.name }],
      ["GET", "/devices"],
      ["GET", "/audit"],
      ["GET", "/limits"],
      ["PATCH", "/limits", { devices: 5 }],
      ["GET", "/admins"],
      ["POST", "/admins", {}],
      ["GET", "/nothing"],
    ];
    for (const [method, path, body] of paths) {
      const there = await ask(token, method, `/tenants/${foreign.tenant}${path}`, body);
      const nowhere = await ask(token, method, `/tenants/nobody${path}`, body);
      expect(there, path).toMatchObject({ status: 404, answer: { code: "tenant.unknown" } });
      expect(JSON.stringify(there).replaceAll(foreign.tenant, "nobody")).toBe(JSON.stringify(nowhere));
    }
    expect(await relay().must("GET", `/tenants/${foreign.tenant}/tokens`)).toHaveLength(1);
  });

  it("may not do what only the relay's administrator may", async () => {
    const { tenant, admin: token } = await admin();
    const forbidden = { status: 403, answer: { code: "admin.forbidden" } };
    expect(await ask(token, "POST", "/tenants", { name: "mine" })).toMatchObject(forbidden);
    expect(await ask(token, "DELETE", `/tenants/${tenant}`)).toMatchObject(forbidden);
    expect(await ask(token, "PATCH", `/tenants/${tenant}/limits`, { devices: 1 })).toMatchObject(forbidden);
    expect(await ask(token, "POST", `/tenants/${tenant}/admins`, {})).toMatchObject(forbidden);
    expect(await ask(token, "GET", "/audit")).toMatchObject(forbidden);
    expect(await ask(token, "GET", "/backup")).toMatchObject(forbidden);
    // A taken number would reveal other tenants' networks.
    const numbered = { name: "n", vni: 70_001 };
    expect(await ask(token, "POST", `/tenants/${tenant}/networks`, numbered)).toMatchObject(forbidden);
  });

  it("is listed without its token, and loses access at once when revoked", async () => {
    const { tenant, id, admin: token } = await admin();
    const list = await relay().must("GET", `/tenants/${tenant}/admins`);
    expect(list).toMatchObject([{ id, tenant, name: "ann" }]);
    expect(JSON.stringify(list)).not.toContain(token);
    await relay().must("DELETE", `/tenants/${tenant}/admins/${id}`);
    expect((await ask(token, "GET", `/tenants/${tenant}/networks`)).status).toBe(401);
  });

  it("is deleted with its tenant, even if another of the same name follows", async () => {
    const { tenant, admin: token } = await admin();
    await relay().must("DELETE", `/tenants/${tenant}`);
    await relay().must("POST", "/tenants", { name: tenant });
    expect((await ask(token, "GET", `/tenants/${tenant}/networks`)).status).toBe(401);
  });

  it("cannot use its token in the tunnel, nor a network's token here", async () => {
    const { tenant, token: network, admin: token } = await admin();
    await using client = await TunnelClient.open(relay().url);
    client.say({ type: "hello", version: 1, client: { name: "t" }, auth: { method: "token", token } });
    expect((await client.ended()).code).toBe(4001);
    expect((await ask(network, "GET", `/tenants/${tenant}/networks`)).status).toBe(401);
  });
});

underEachRuntime("a token for all networks of a tenant", (runtime) => {
  const relay = sharedRelay(runtime);

  it("opens the tenant's networks that exist when it is used, and no other tenant's", async () => {
    const one = await relay().network();
    const foreign = await relay().network();
    const path = `/tenants/${one.tenant}/tokens`;
    const made = (await relay().must("POST", path, { all_networks: true })) as { token: string };
    expect(made).toMatchObject({ tenant: one.tenant, network: null });
    const other = await relay().network({ tenant: one.tenant });
    await using client = await TunnelClient.welcomed(relay().url, made.token);
    await client.join(one.vni);
    await client.join(other.vni);
    client.say({ type: "join", vni: foreign.vni });
    expect(await client.control("error")).toMatchObject({ code: "not-allowed" });
  });

  it.each([{}, { all_networks: false }, { all_networks: true, network: "lan" }])(
    "is not made of %j",
    async (request) => {
      const response = await relay().api("POST", "/tenants/default/tokens", request);
      expect(response.status).toBe(400);
    },
  );
});
