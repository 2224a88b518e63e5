import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { hashSecret } from "../../../relay/tenants/secret.ts";
import { SqliteStore } from "../../../relay/tenants/sqlite-store.ts";
import { groupOf, type Revocation, Tenants } from "../../../relay/tenants/tenants.ts";

describe("tenants", () => {
  let now = 0;
  let store: SqliteStore;
  let tenants: Tenants;
  let revoked: Revocation[] = [];

  beforeEach(() => {
    now = 1_000;
    store = SqliteStore.open(":memory:");
    tenants = new Tenants(store, () => now);
    revoked = [];
    tenants.onRevoked((revocation) => revoked.push(revocation));
  });

  afterEach(() => store.close());

  it("begin with a default tenant and its network lan, once", () => {
    tenants.createDefaults();
    expect(tenants.tenants()).toEqual([{ name: "default" }]);
    expect(tenants.networks("default")).toMatchObject([{ name: "lan", mtu: 1500, mode: "switch" }]);
    tenants.deleteNetwork("default", "lan");
    tenants.createDefaults();
    expect(tenants.networks("default")).toEqual([]);
  });

  it("can't be made twice, nor deleted when they are not there", () => {
    tenants.createTenant("acme");
    expect(() => tenants.createTenant("acme")).toThrow(expect.objectContaining({ code: "tenant.taken" }));
    expect(() => tenants.deleteTenant("nobody")).toThrow(expect.objectContaining({ code: "tenant.unknown" }));
    expect(revoked).toEqual([]);
  });

  describe("have networks, which", () => {
    beforeEach(() => {
      tenants.createTenant("acme");
      tenants.createTenant("umbrella");
    });

    it("are numbered from 101 on across all tenants, leaving out what is taken", () => {
      expect(tenants.createNetwork("acme", { name: "a" }).vni).toBe(101);
      expect(tenants.createNetwork("acme", { name: "b", vni: 103 }).vni).toBe(103);
      expect(tenants.createNetwork("umbrella", { name: "a" }).vni).toBe(102);
      expect(tenants.createNetwork("umbrella", { name: "b" }).vni).toBe(104);
      tenants.deleteNetwork("acme", "a");
      expect(tenants.createNetwork("umbrella", { name: "c" }).vni).toBe(101);
    });

    it("have a group of their own, 1500 bytes of MTU, and addresses where they have a subnet", () => {
      expect(tenants.createNetwork("acme", { name: "bare" })).toMatchObject({
        group: "239.0.0.101",
        mtu: 1500,
        subnet: undefined,
        addresses: false,
        mode: "switch",
      });
      expect(tenants.createNetwork("acme", { name: "routed", subnet: "10.0.0.0/24" })).toMatchObject({
        subnet: "10.0.0.0/24",
        addresses: true,
      });
      expect(
        tenants.createNetwork("acme", { name: "silent", subnet: "10.0.0.0/24", addresses: false }),
      ).toMatchObject({ addresses: false });
    });

    it("can't share a name in a tenant, or a VNI at all", () => {
      tenants.createNetwork("acme", { name: "lan" });
      expect(() => tenants.createNetwork("acme", { name: "lan", vni: 500 })).toThrow(
        expect.objectContaining({ code: "network.taken" }),
      );
      expect(() => tenants.createNetwork("umbrella", { name: "lan", vni: 101 })).toThrow(
        expect.objectContaining({ code: "network.vni-taken", message: expect.stringContaining("101") }),
      );
    });

    it("can't be made where no VNI is left", () => {
      const full = new Tenants(
        Object.assign(SqliteStore.open(":memory:"), { freeVni: () => 0x1000000 }),
        () => now,
      );
      full.createTenant("acme");
      expect(() => full.createNetwork("acme", { name: "one more" })).toThrow(
        expect.objectContaining({ code: "network.vni-exhausted" }),
      );
    });

    it("belong to their tenant alone", () => {
      tenants.createNetwork("acme", { name: "lan" });
      const unknown = expect.objectContaining({ code: "network.unknown" });
      expect(() => tenants.network("umbrella", "lan")).toThrow(unknown);
      expect(() => tenants.deleteNetwork("umbrella", "lan")).toThrow(unknown);
      const nobody = expect.objectContaining({ code: "tenant.unknown" });
      expect(() => tenants.networks("nobody")).toThrow(nobody);
      expect(() => tenants.createNetwork("nobody", { name: "lan" })).toThrow(nobody);
      expect(revoked).toEqual([]);
    });
  });

  describe("have tokens, which", () => {
    beforeEach(() => {
      tenants.createTenant("acme");
      tenants.createNetwork("acme", { name: "lan" });
    });

    it("open their network", async () => {
      const { token, secret } = await tenants.createToken("acme", { network: "lan", name: "robot" });
      expect(token).toMatchObject({ tenant: "acme", network: "lan", name: "robot", createdAt: 1_000 });
      expect(tenants.authenticate(await hashSecret(secret))).toMatchObject({
        token: token.id,
        tenant: "acme",
        networks: [{ name: "lan", vni: 101 }],
        expiresAt: undefined,
      });
      expect(tenants.authenticate(await hashSecret(`${secret}x`))).toBeUndefined();
      expect(tenants.authenticate(secret)).toBeUndefined();
    });

    it("are never the same", async () => {
      const secrets = new Set<string>();
      for (let i = 0; i < 20; i++)
        secrets.add((await tenants.createToken("acme", { network: "lan" })).secret);
      expect(secrets.size).toBe(20);
    });

    it("expire at their second", async () => {
      const { secret } = await tenants.createToken("acme", { network: "lan", expiresIn: 60 });
      const hash = await hashSecret(secret);
      now = 1_059;
      const grant = tenants.authenticate(hash);
      expect(grant).toMatchObject({ expiresAt: 1_060 });
      if (grant === undefined) return;
      expect(tenants.hasExpired(grant)).toBe(false);
      now = 1_060;
      expect(tenants.hasExpired(grant)).toBe(true);
      expect(tenants.authenticate(hash)).toBeUndefined();
    });

    it("can be revoked, of which those who listen hear before it is done", async () => {
      const { token, secret } = await tenants.createToken("acme", { network: "lan" });
      const hash = await hashSecret(secret);
      let stillGood: unknown;
      tenants.onRevoked(() => {
        stillGood = tenants.authenticate(hash);
      });
      tenants.revokeToken("acme", token.id);
      expect(revoked).toEqual([{ kind: "token", id: token.id }]);
      expect(stillGood).toBeUndefined();
      expect(() => tenants.revokeToken("acme", token.id)).toThrow(
        expect.objectContaining({ code: "token.unknown" }),
      );
    });

    it("can't be revoked by another tenant", async () => {
      tenants.createTenant("umbrella");
      const { token, secret } = await tenants.createToken("acme", { network: "lan" });
      expect(() => tenants.revokeToken("umbrella", token.id)).toThrow(
        expect.objectContaining({ code: "token.unknown" }),
      );
      expect(revoked).toEqual([]);
      expect(tenants.authenticate(await hashSecret(secret))).toBeDefined();
    });

    it("go with their network and with their tenant", async () => {
      const network = tenants.createNetwork("acme", { name: "other" });
      const first = await tenants.createToken("acme", { network: "other" });
      const second = await tenants.createToken("acme", { network: "lan" });
      tenants.deleteNetwork("acme", "other");
      expect(revoked).toEqual([{ kind: "network", id: network.id }]);
      expect(tenants.authenticate(await hashSecret(first.secret))).toBeUndefined();
      expect(tenants.authenticate(await hashSecret(second.secret))).toBeDefined();
      tenants.deleteTenant("acme");
      expect(revoked.at(-1)).toEqual({ kind: "tenant", name: "acme" });
      expect(tenants.authenticate(await hashSecret(second.secret))).toBeUndefined();
    });

    it("can't be made for a network that is not there", async () => {
      await expect(tenants.createToken("acme", { network: "nothing" })).rejects.toMatchObject({
        code: "network.unknown",
      });
      await expect(tenants.createToken("nobody", { network: "lan" })).rejects.toMatchObject({
        code: "tenant.unknown",
      });
    });
  });

  it("give a VNI the group of its three bytes", () => {
    expect(groupOf(101)).toBe("239.0.0.101");
    expect(groupOf(0x010203)).toBe("239.1.2.3");
    expect(groupOf(0xffffff)).toBe("239.255.255.255");
  });
});
