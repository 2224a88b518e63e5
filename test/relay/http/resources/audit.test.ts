import { setTimeout as delay } from "node:timers/promises";
import { expect, it } from "vitest";
import { invite, TestDevice } from "../../../support/relay/device.ts";
import { RelayProcess } from "../../../support/relay/relay-process.ts";
import { sharedRelay, underEachRuntime } from "../../../support/relay/runtimes.ts";

interface Entry {
  readonly at: string;
  readonly actor: string;
  readonly action: string;
  readonly object: string;
  readonly from: string | null;
}

underEachRuntime("the audit log", (runtime) => {
  const relay = sharedRelay(runtime);
  const entries = async (tenant: string, query = "") =>
    (await relay().must("GET", `/tenants/${tenant}/audit${query}`)) as Entry[];

  it("records the actor, the action, the object, the time and the address", async () => {
    const { tenant, name, tokenId } = await relay().network();
    const path = `/tenants/${tenant}`;
    const made = await relay().must("POST", `${path}/admins`, {});
    const { id, token } = made as { id: string; token: string };
    const by = await invite(relay(), { tenant, name });
    const device = await TestDevice.enrolled(relay(), by);
    await relay().api("DELETE", `${path}/devices/${device.id}`, undefined, token);
    await relay().must("DELETE", `${path}/invites/${by.id}`);
    await relay().must("DELETE", `${path}/tokens/${tokenId}`);
    await relay().must("PATCH", `${path}/limits`, { devices: 7 });
    await relay().must("DELETE", `${path}/networks/${name}`);

    const log = await entries(tenant);

    expect(log.map(({ actor, action, object }) => [actor, action, object])).toEqual([
      ["relay-admin", "tenant.create", tenant],
      ["relay-admin", "network.create", name],
      ["relay-admin", "token.create", tokenId],
      ["relay-admin", "admin.create", id],
      ["relay-admin", "invite.create", by.id],
      [`invite ${by.id}`, "device.enrol", device.id],
      [`tenant-admin ${id}`, "device.revoke", device.id],
      ["relay-admin", "invite.revoke", by.id],
      ["relay-admin", "token.revoke", tokenId],
      ["relay-admin", "limit.change", "devices 7"],
      ["relay-admin", "network.delete", name],
    ]);
    for (const { at, from } of log) {
      expect(Math.abs(Date.now() - Date.parse(at))).toBeLessThan(60_000);
      expect(from).toBe("127.0.0.1");
    }
    for (const secret of [by.secret, token, relay().adminToken, device.publicKey]) {
      expect(JSON.stringify(log)).not.toContain(secret);
    }
  });

  it("does not record refused requests", async () => {
    const { tenant, name } = await relay().network();
    const before = await entries(tenant);
    await relay().api("POST", `/tenants/${tenant}/networks`, { name });
    await relay().api("DELETE", `/tenants/${tenant}/tokens/nothing`);
    await new TestDevice(relay()).enrol(await invite(relay(), { tenant, name }), { origin: "https://x" });
    expect((await entries(tenant)).slice(before.length)).toMatchObject([{ action: "invite.create" }]);
  });

  it("goes back as far as requested", async () => {
    const { tenant } = await relay().network();
    await delay(3_000);
    await relay().must("POST", `/tenants/${tenant}/networks`, { name: "late" });
    expect(await entries(tenant, "?since=2")).toMatchObject([{ action: "network.create", object: "late" }]);
    expect(await entries(tenant, "?since=3600")).toHaveLength(4);
    expect((await relay().api("GET", `/tenants/${tenant}/audit?since=yesterday`)).status).toBe(400);
  });

  it("of a tenant excludes other tenants, including an earlier one of the same name", async () => {
    const one = await relay().network();
    const other = await relay().network();
    expect(JSON.stringify(await entries(one.tenant))).not.toContain(other.tenant);
    await relay().must("DELETE", `/tenants/${one.tenant}`);
    await relay().must("POST", "/tenants", { name: one.tenant });
    expect(await entries(one.tenant)).toMatchObject([{ action: "tenant.create" }]);
    const all = (await relay().must("GET", "/audit")) as Entry[];
    expect(all).toContainEqual(expect.objectContaining({ action: "tenant.delete", object: one.tenant }));
  });

  it("takes an address from a proxy's header only if the proxy is trusted", async () => {
    await using behind = await RelayProcess.start(runtime, { args: ["--trusted-proxy", "127.0.0.0/8"] });
    for (const each of [behind, relay()]) {
      const response = await fetch(`${each.url}/v1/tenants`, {
        method: "POST",
        headers: {
          authorization: `Bearer ${each.adminToken}`,
          "x-forwarded-for": "203.0.113.9, 192.0.2.7",
        },
        body: JSON.stringify({ name: "proxied" }),
      });
      expect(response.status).toBe(201);
      const [entry] = (await each.must("GET", "/tenants/proxied/audit")) as Entry[];
      expect(entry?.from).toBe(each === behind ? "192.0.2.7" : "127.0.0.1");
    }
  });
});
