import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hashSecret } from "../../../relay/crypto/secret.ts";
import { MIGRATIONS } from "../../../relay/store/migrations.ts";
import { SqliteStore } from "../../../relay/store/sqlite-store.ts";
import { Tenants } from "../../../relay/tenants/tenants.ts";

/** SHA-256 of each released step: a database that has taken a step never takes it again. */
const RELEASED = [
  "77b82131e9dee321c38149c5078f31263a02b54d001a20a361211fa24d12de73",
  "5b87e9d66ddf59474e2044ceb407accaf3c8cc97439bece85613a42651f9b566",
  "53fb75344f84ef5512a0f4da5ef3a40894d314f9e7dcbf8d86de7236c36bf588",
];

describe("a released step of the schema", () => {
  it.each(RELEASED.map((hash, i) => ({ step: i + 1, hash })))("$step is unchanged", ({ step, hash }) => {
    const text = MIGRATIONS[step - 1] ?? "";
    expect(createHash("sha256").update(text).digest("hex")).toBe(hash);
  });
});

/** The content of a relay of the third schema, one of everything. */
const HELD = `
  INSERT INTO tenants VALUES ('acme'), ('umbrella');
  INSERT INTO networks (id, tenant, name, vni, multicast_group, mtu, subnet, addresses, mode, settings) VALUES
    (1, 'acme', 'lan', 101, '239.0.0.101', 1500, '10.20.0.0/24', 1, 'switch', '{"ageing":60}'),
    (2, 'acme', 'lab', 102, '239.0.0.102', 1400, NULL, 0, 'wire', '{}'),
    (3, 'umbrella', 'lan', 103, '239.0.0.103', 1500, NULL, 0, 'switch', '{}');
  INSERT INTO tokens (id, tenant, network_id, all_networks, hash, name, created_at, expires_at, roles) VALUES
    ('t1', 'acme', 1, 0, 'HASH-token', 'robot', 1000, NULL, '["router"]'),
    ('t2', 'acme', NULL, 1, 'HASH-all', NULL, 1001, NULL, '[]'),
    ('t3', 'acme', 1, 0, 'HASH-expired', NULL, 1001, 1500, '[]');
  INSERT INTO token_networks VALUES ('t1', 2);
  INSERT INTO admins VALUES ('a1', 'acme', 'HASH-admin', 'ann', 1002, NULL);
  INSERT INTO invites (id, network_id, hash, uses, used, created_at, expires_at, revoked_at) VALUES
    ('i1', 1, 'HASH-invite', 5, 2, 1003, 9000, NULL),
    ('i2', 2, 'HASH-revoked', 1, 0, 1004, 9000, 1500);
  INSERT INTO devices (id, tenant, name, public_key, created_at, last_seen) VALUES ('d1', 'acme', 'laptop', 'k1', 1005, 1600);
  INSERT INTO memberships (device_id, network_id) VALUES ('d1', 1);
  INSERT INTO enrolments VALUES ('i1', 'k1', 'd1'), ('i1', 'k0', NULL);
  INSERT INTO addresses (network_id, address, device_id, fixed) VALUES (1, 169082889, 'd1', 1), (1, 169082890, NULL, 1);
  INSERT INTO limits VALUES ('acme', 'devices', 7), ('acme', 'macs', NULL);
  INSERT INTO audit (at, tenant, actor, action, object, from_address) VALUES
    (999, 'acme', 'relay', 'tenant.create', 'acme', NULL),
    (1000, 'acme', 'relay-admin', 'token.create', 't1', '192.0.2.1');
`;

describe("a relay of the third schema", () => {
  const directory = mkdtempSync(join(tmpdir(), "laneway-released-"));
  let store: SqliteStore;
  let tenants: Tenants;

  beforeAll(async () => {
    const file = join(directory, "laneway.db");
    const database = new DatabaseSync(file);
    for (const step of MIGRATIONS.slice(0, 3)) database.exec(step);
    let held = HELD;
    for (const secret of ["token", "all", "expired", "admin", "invite", "revoked"]) {
      held = held.replace(`HASH-${secret}`, await hashSecret(secret));
    }
    database.exec(`${held}; PRAGMA user_version = 3`);
    database.close();
    store = SqliteStore.open(file);
    tenants = new Tenants(store, () => 2_000);
  });
  afterAll(() => {
    store.close();
    rmSync(directory, { recursive: true, force: true });
  });

  it("still has its networks and their settings", () => {
    expect(tenants.networks("acme")).toMatchObject([
      { name: "lab", vni: 102, mtu: 1400, mode: "wire", addresses: false },
      { name: "lan", vni: 101, subnet: "10.20.0.0/24", addresses: true, settings: { ageing: 60 } },
    ]);
    expect(tenants.networks("umbrella")).toMatchObject([{ name: "lan", vni: 103 }]);
  });

  it("accepts the same tokens, and rejects the same revoked ones", async () => {
    const names = async (secret: string) =>
      tenants.authenticate(await hashSecret(secret))?.networks.map(({ name }) => name);
    expect(await names("token")).toEqual(["lan", "lab"]);
    expect(await names("all")).toEqual(["lab", "lan"]);
    expect(await names("expired")).toBeUndefined();
    expect(tenants.admins.authenticate(await hashSecret("admin"))).toMatchObject({
      id: "a1",
      tenant: "acme",
    });
  });

  it("has the same devices, on the same networks and with the same addresses", () => {
    expect(tenants.devices.keyOf("d1")).toBe("k1");
    const grant = tenants.devices.grant("d1");
    expect(grant?.networks.map(({ name }) => name)).toEqual(["lan"]);
    expect(JSON.stringify([...(grant?.addresses ?? [])])).toContain('"10.20.0.9/24"');
    expect(store.addresses.at(1, 169_082_890)).toMatchObject({ device: undefined, fixed: true });
  });

  it("knows which device came by which invite, and which invites admit no more", async () => {
    expect(tenants.invites.of("acme")).toMatchObject([{ id: "i1", network: "lan", uses: 5, used: 2 }]);
    expect(store.invites.usedBy("i1", "k1")).toEqual({ device: "d1" });
    expect(store.invites.usedBy("i1", "k0")).toEqual({ device: undefined });
    expect(store.invites.byHash(await hashSecret("revoked"))).toMatchObject({ revokedAt: 1_500 });
  });

  it("keeps its limits and its audit log", () => {
    expect(tenants.limits.of("acme")).toMatchObject({ devices: 7, macs: null, bytes_per_second: null });
    expect(tenants.audit.entries({ tenant: "acme", limit: 10 })).toMatchObject([
      { action: "tenant.create", actor: "relay" },
      { action: "token.create", object: "t1", from: "192.0.2.1" },
    ]);
  });
});
