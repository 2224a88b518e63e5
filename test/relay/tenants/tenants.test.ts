import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { hashSecret } from "../../../relay/crypto/secret.ts";
import type { Revocation } from "../../../relay/model/grants.ts";
import { SqliteStore } from "../../../relay/store/sqlite-store.ts";
import { groupOf, Tenants } from "../../../relay/tenants/tenants.ts";
import { DEFAULT_SETTINGS } from "../../../shared/switch/settings.ts";

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
    expect(tenants.networks("default")).toMatchObject([{ name: "lan", vni: 101, mtu: 1500, mode: "switch" }]);
    tenants.deleteNetwork("default", "lan");
    tenants.createDefaults();
    expect(tenants.networks("default")).toEqual([]);
  });

  it("cannot be created twice, or deleted if they do not exist", () => {
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

    it("have the requested VNI, or one of 16 million at random that reveals nothing of others", () => {
      expect(tenants.createNetwork("acme", { name: "mine", vni: 103 }).vni).toBe(103);
      const vnis = Array.from(
        { length: 200 },
        (_, i) => tenants.createNetwork("acme", { name: `n${i}` }).vni,
      );
      expect(new Set(vnis).size).toBe(200);
      for (const vni of vnis) {
        expect(vni).toBeGreaterThanOrEqual(101);
        expect(vni).toBeLessThanOrEqual(0xffffff);
      }
      const inTurn = vnis.filter((vni, i) => Math.abs(vni - (vnis[i - 1] ?? 0)) < 100);
      expect(inTurn.length).toBeLessThan(10);
      // All in one half of the range: one chance in 2^199.
      expect(Math.max(...vnis)).toBeGreaterThan(0x800000);
      expect(Math.min(...vnis)).toBeLessThan(0x800000);
    });

    it("never have the VNI of another, even if nearly all are taken", () => {
      const taken = new Set<number>();
      const crowded = SqliteStore.open(":memory:");
      const isTaken = crowded.vniTaken.bind(crowded);
      // Pretends that all but a few low ones are taken.
      Object.assign(crowded, { vniTaken: (vni: number) => vni > 120 || isTaken(vni) });
      const full = new Tenants(crowded, () => now);
      full.createTenant("acme");
      for (let i = 0; i < 20; i++) taken.add(full.createNetwork("acme", { name: `n${i}` }).vni);
      expect([...taken].sort((one, other) => one - other)).toEqual(
        Array.from({ length: 20 }, (_, i) => 101 + i),
      );
      crowded.close();
    });

    it("have a group of their own, an MTU of 1500 bytes, and addresses if they have a subnet", () => {
      expect(tenants.createNetwork("acme", { name: "bare", vni: 101 })).toMatchObject({
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

    it("cannot share a name in a tenant, or a VNI at all", () => {
      tenants.createNetwork("acme", { name: "lan", vni: 101 });
      expect(() => tenants.createNetwork("acme", { name: "lan", vni: 500 })).toThrow(
        expect.objectContaining({ code: "network.taken" }),
      );
      expect(() => tenants.createNetwork("umbrella", { name: "lan", vni: 101 })).toThrow(
        expect.objectContaining({ code: "network.vni-taken", message: expect.stringContaining("101") }),
      );
    });

    it("cannot be created if no VNI is left", () => {
      const full = new Tenants(
        Object.assign(SqliteStore.open(":memory:"), { freeVni: () => 0x1000000, vniTaken: () => true }),
        () => now,
      );
      full.createTenant("acme");
      expect(() => full.createNetwork("acme", { name: "one more" })).toThrow(
        expect.objectContaining({ code: "network.vni-exhausted" }),
      );
    });

    it("belong only to their tenant", () => {
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
      tenants.createNetwork("acme", { name: "lan", vni: 101 });
    });

    it("open their network", async () => {
      const { token, secret } = await tenants.createToken("acme", { networks: ["lan"], name: "robot" });
      expect(token).toMatchObject({ tenant: "acme", networks: ["lan"], name: "robot", createdAt: 1_000 });
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
        secrets.add((await tenants.createToken("acme", { networks: ["lan"] })).secret);
      expect(secrets.size).toBe(20);
    });

    it("expire at their second", async () => {
      const { secret } = await tenants.createToken("acme", { networks: ["lan"], expiresIn: 60 });
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

    it("can be revoked, and listeners are called before the call returns", async () => {
      const { token, secret } = await tenants.createToken("acme", { networks: ["lan"] });
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

    it("cannot be revoked by another tenant", async () => {
      tenants.createTenant("umbrella");
      const { token, secret } = await tenants.createToken("acme", { networks: ["lan"] });
      expect(() => tenants.revokeToken("umbrella", token.id)).toThrow(
        expect.objectContaining({ code: "token.unknown" }),
      );
      expect(revoked).toEqual([]);
      expect(tenants.authenticate(await hashSecret(secret))).toBeDefined();
    });

    it("are deleted with their network and with their tenant", async () => {
      const network = tenants.createNetwork("acme", { name: "other" });
      const first = await tenants.createToken("acme", { networks: ["other"] });
      const second = await tenants.createToken("acme", { networks: ["lan"] });
      tenants.deleteNetwork("acme", "other");
      expect(revoked).toEqual([
        { kind: "network", id: network.id },
        { kind: "token", id: first.token.id },
      ]);
      expect(tenants.authenticate(await hashSecret(first.secret))).toBeUndefined();
      expect(tenants.authenticate(await hashSecret(second.secret))).toBeDefined();
      tenants.deleteTenant("acme");
      expect(revoked.at(-1)).toEqual({ kind: "tenant", name: "acme" });
      expect(tenants.authenticate(await hashSecret(second.secret))).toBeUndefined();
    });

    it("cannot be created for a missing network", async () => {
      await expect(tenants.createToken("acme", { networks: ["nothing"] })).rejects.toMatchObject({
        code: "network.unknown",
      });
      await expect(tenants.createToken("nobody", { networks: ["lan"] })).rejects.toMatchObject({
        code: "tenant.unknown",
      });
    });
  });

  it("notify listeners of changed settings, and of changed roles", async () => {
    tenants.createTenant("acme");
    tenants.createNetwork("acme", { name: "lan", settings: { ageing: 60 } });
    tenants.createNetwork("acme", { name: "other" });
    const changed: string[] = [];
    tenants.onChanged(({ name, settings }) =>
      changed.push(`${name} ${settings.ageing} ${settings.snooping}`),
    );
    const { settings } = tenants.changeSettings("acme", "lan", { snooping: false });
    expect(settings).toEqual({ ...DEFAULT_SETTINGS, ageing: 60, snooping: false });
    expect(tenants.network("acme", "lan").settings).toEqual(settings);
    await tenants.createToken("acme", { networks: ["lan"] });
    expect(changed).toEqual(["lan 60 false"]);
    await tenants.createToken("acme", { networks: ["other", "lan"], roles: ["router"] });
    expect(changed.slice(1)).toEqual(["other 300 true", "lan 60 false"]);
    expect(tenants.rolesIn(tenants.network("acme", "lan"))).toEqual(new Set(["router"]));
    expect(() => tenants.changeSettings("acme", "nothing", {})).toThrow(
      expect.objectContaining({ code: "network.unknown" }),
    );
  });

  it("have tokens that open each of their networks once, with their roles there", async () => {
    tenants.createTenant("acme");
    for (const name of ["lan", "other"]) tenants.createNetwork("acme", { name });
    const request = { networks: ["lan", "other", "lan"], roles: ["dhcp-server" as const] };
    const { token, secret } = await tenants.createToken("acme", request);
    expect(token).toMatchObject({ networks: ["lan", "other"], roles: ["dhcp-server"] });
    const hash = await hashSecret(secret);
    expect(tenants.authenticate(hash)).toMatchObject({
      networks: [{ name: "lan" }, { name: "other" }],
      roles: new Set(["dhcp-server"]),
    });
    tenants.deleteNetwork("acme", "other");
    expect(tenants.authenticate(hash)?.networks).toMatchObject([{ name: "lan" }]);
    tenants.deleteNetwork("acme", "lan");
    expect(tenants.authenticate(hash)).toBeUndefined();
  });

  it("give a VNI the group of its three bytes", () => {
    expect(groupOf(101)).toBe("239.0.0.101");
    expect(groupOf(0x010203)).toBe("239.1.2.3");
    expect(groupOf(0xffffff)).toBe("239.255.255.255");
  });
});
