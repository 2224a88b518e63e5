import { Buffer } from "node:buffer";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { bearer } from "../../../relay/http/kernel/access.ts";
import { BROADCAST, ethernet, packet, station, TunnelClient } from "../../support/relay/client.ts";
import { sharedRelay, underEachRuntime } from "../../support/relay/runtimes.ts";

describe("a bearer token in a header", () => {
  it.each([
    ["Bearer abc", "abc"],
    ["bearer abc", "abc"],
    ["BEARER   abc ", "abc"],
    ["Bearer", ""],
    ["Bearer ", ""],
    ["Basic abc", undefined],
    ["Bearerabc", undefined],
    ["", undefined],
    [undefined, undefined],
  ])("in %j is %j", (header, token) => {
    expect(bearer(header)).toBe(token);
  });
});

underEachRuntime("the administration API", (runtime) => {
  const relay = sharedRelay(runtime);

  /** Sends a request that must fail; resolves to the problem. */
  async function problem(method: string, path: string, body?: unknown, token?: string): Promise<object> {
    const response = await relay().api(method, path, body, token);
    expect(response.ok).toBe(false);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    const told = (await response.json()) as object;
    expect(told).toMatchObject({
      status: response.status,
      title: expect.stringMatching(/./),
      detail: expect.stringMatching(/./),
      code: expect.stringMatching(/./),
      hint: expect.stringMatching(/./),
    });
    return told;
  }

  it.each(["wrong", "", "null"])("refuses the administrator's token '%s'", async (token) => {
    expect(await problem("GET", "/tenants", undefined, token)).toMatchObject({ status: 401 });
    expect(await problem("POST", "/tenants", { name: "mine" }, token)).toMatchObject({ status: 401 });
    expect(await problem("DELETE", "/tenants/default", undefined, token)).toMatchObject({ status: 401 });
    expect(await relay().must("GET", "/tenants")).toEqual([{ name: "default" }]);
  });

  it("refuses requests without a token, or with a network's token", async () => {
    const response = await fetch(`${relay().url}/v1/tenants`);
    expect(response.status).toBe(401);
    const { token } = await relay().network();
    expect(await problem("GET", "/tenants", undefined, token)).toMatchObject({ status: 401 });
  });

  it("creates, lists and deletes tenants", async () => {
    expect(await relay().must("POST", "/tenants", { name: "acme" })).toEqual({ name: "acme" });
    expect(await problem("POST", "/tenants", { name: "acme" })).toMatchObject({ status: 409 });
    expect(await relay().must("GET", "/tenants")).toContainEqual({ name: "acme" });
    await relay().must("DELETE", "/tenants/acme");
    expect(await relay().must("GET", "/tenants")).not.toContainEqual({ name: "acme" });
    expect(await problem("DELETE", "/tenants/acme")).toMatchObject({ status: 404 });
  });

  it("creates networks with the given options, shows, lists and deletes them", async () => {
    await relay().must("POST", "/tenants", { name: "builder" });
    const path = "/tenants/builder/networks";
    const request = { name: "lab", vni: 70_001, subnet: "10.20.0.0/24", mtu: 1400, mode: "wire" };
    const lab = {
      name: "lab",
      tenant: "builder",
      vni: 70_001,
      group: "239.1.17.113",
      mtu: 1400,
      subnet: "10.20.0.0/24",
      mode: "wire",
    };
    expect(await relay().must("POST", path, request)).toMatchObject(lab);
    expect(await relay().must("GET", `${path}/lab`)).toMatchObject(lab);
    expect(await relay().must("POST", path, { name: "plain" })).toMatchObject({
      name: "plain",
      tenant: "builder",
      vni: expect.any(Number),
      group: expect.stringMatching(/^239\./),
      mtu: 1500,
      subnet: null,
      mode: "switch",
    });
    expect(await relay().must("GET", path)).toMatchObject([{ name: "lab" }, { name: "plain" }]);
    expect(await problem("POST", path, { name: "lab" })).toMatchObject({ status: 409 });
    expect(await problem("POST", path, { name: "other", vni: 70_001 })).toMatchObject({ status: 409 });
    await relay().must("DELETE", `${path}/lab`);
    expect(await problem("GET", `${path}/lab`)).toMatchObject({ status: 404 });
    expect(await problem("DELETE", `${path}/lab`)).toMatchObject({ status: 404 });
  });

  it.each<[unknown, RegExp]>([
    [{}, /name/],
    [{ name: "" }, /name/],
    [{ name: "Has Spaces" }, /name/],
    [{ name: "../etc" }, /name/],
    [{ name: "n", vni: 0 }, /vni/],
    [{ name: "n", vni: 2 ** 24 }, /vni/],
    [{ name: "n", vni: "5" }, /vni/],
    [{ name: "n", mtu: 10 }, /mtu/],
    [{ name: "n", mode: "hub" }, /mode/],
    [{ name: "n", subnet: "10.20.0.0/33" }, /10\.20\.0\.0\/33/],
    [{ name: "n", subnet: "here" }, /here/],
    [{ name: "n", vin: 5 }, /vin/],
    [[], /./],
    ["n", /./],
  ])("refuses to create a network from %j, and gives the reason", async (request, why) => {
    const told = await problem("POST", "/tenants/default/networks", request);
    expect(told).toMatchObject({ status: 400, detail: expect.stringMatching(why) });
    expect(await relay().must("GET", "/tenants/default/networks")).toMatchObject([{ name: "lan" }]);
  });

  it("creates tokens, and shows each only once", async () => {
    await relay().must("POST", "/tenants", { name: "keyring" });
    await relay().must("POST", "/tenants/keyring/networks", { name: "lab" });
    const path = "/tenants/keyring/tokens";
    const made = await relay().must("POST", path, { network: "lab", name: "robot", expires_in: 3_600 });
    const { id, token } = made as { id: string; token: string };
    expect(made).toMatchObject({ id, network: "lab", tenant: "keyring", name: "robot" });
    expect(token).toMatch(/^[A-Za-z0-9_-]{43}$/);

    const list = (await relay().must("GET", path)) as object[];

    expect(list).toMatchObject([{ id, network: "lab", tenant: "keyring" }]);
    expect(JSON.stringify(list)).not.toContain(token);
    for (const file of readdirSync(relay().data)) {
      const bytes = readFileSync(join(relay().data, file));
      expect(bytes.includes(Buffer.from(token)), file).toBe(false);
      if (file !== "admin.token") expect(bytes.includes(Buffer.from(relay().adminToken)), file).toBe(false);
    }
    await relay().must("DELETE", `${path}/${id}`);
    expect(await relay().must("GET", path)).toEqual([]);
    expect(await problem("DELETE", `${path}/${id}`)).toMatchObject({ status: 404 });
  });

  it.each([{}, { network: 5 }, { network: "lan", expires_in: 0 }, { network: "lan", expires_in: -1 }])(
    "refuses to create a token from %j",
    async (request) => {
      expect(await problem("POST", "/tenants/default/tokens", request)).toMatchObject({ status: 400 });
    },
  );

  it("hides one tenant's resources from paths of another", async () => {
    const { tenant, name, tokenId } = await relay().network();
    for (const path of [`/networks/${name}`, `/networks/${name}/fdb`]) {
      expect(await problem("GET", `/tenants/default${path}`)).toMatchObject({ status: 404 });
    }
    expect(await problem("DELETE", `/tenants/default/networks/${name}`)).toMatchObject({ status: 404 });
    expect(await problem("DELETE", `/tenants/default/tokens/${tokenId}`)).toMatchObject({ status: 404 });
    expect(await problem("POST", "/tenants/default/tokens", { network: name })).toMatchObject({
      status: 404,
    });
    expect(await problem("GET", "/tenants/nobody/networks")).toMatchObject({ status: 404 });
    expect(await problem("GET", "/tenants/nobody/tokens")).toMatchObject({ status: 404 });
    expect(await relay().must("GET", `/tenants/${tenant}/networks`)).toMatchObject([{ name }]);
  });

  it("shows the forwarding table with its ports", async () => {
    const network = await relay().network();
    const { tenant, name, token, vni } = network;
    const path = `/tenants/${tenant}/networks/${name}/fdb`;
    expect(await relay().must("GET", path)).toEqual([]);
    await using one = await TunnelClient.joined(relay().url, token, vni);
    await using other = await TunnelClient.joined(relay().url, token, vni);
    const { member } = await one.control("member");
    for (const [client, number] of [
      [one, 1],
      [other, 2],
    ] as const) {
      await client.send(packet(vni, ethernet(BROADCAST, station(number))));
      await client.sync();
    }

    const rows = (await relay().must("GET", path)) as { mac: string; port: string }[];

    expect(rows).toHaveLength(2);
    for (const row of rows) {
      expect(row).toMatchObject({ vni, kind: "learned", age_seconds: expect.any(Number) });
    }
    expect(rows.find(({ mac }) => mac === station(2))?.port).toBe((member as { vtep: string }).vtep);
  });
});
