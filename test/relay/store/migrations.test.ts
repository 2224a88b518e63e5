import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it, onTestFinished } from "vitest";
import { hashSecret } from "../../../relay/crypto/secret.ts";
import { MIGRATIONS } from "../../../relay/store/migrations.ts";
import { SqliteStore } from "../../../relay/store/sqlite-store.ts";
import { Tenants } from "../../../relay/tenants/tenants.ts";
import { parseAddress } from "../../../shared/frame/address.ts";

const TOKEN_FIELDS = { allNetworks: false, roles: [] };

/** What the second schema added. */
const SECOND = `
  UPDATE networks SET settings = '{"ageing":60}' WHERE id = 1;
  UPDATE tokens SET roles = '["router"]' WHERE id = 't1';
  INSERT INTO token_networks (token, network_id) VALUES ('t1', 2);
`;

/** The content of the first schema, written down here so that it stays fixed whatever happens to the code. */
const FIRST = `
  INSERT INTO tenants (name) VALUES ('acme'), ('umbrella');
  INSERT INTO networks (id, tenant, name, vni, multicast_group, mtu, subnet, addresses, mode) VALUES
    (1, 'acme', 'lan', 101, '239.0.0.101', 1500, NULL, 0, 'switch'),
    (2, 'acme', 'lab', 102, '239.0.0.102', 1400, '10.20.0.0/24', 1, 'wire'),
    (3, 'umbrella', 'lan', 103, '239.0.0.103', 1500, NULL, 0, 'switch');
  INSERT INTO tokens (id, network_id, hash, name, created_at, expires_at) VALUES
    ('t1', 1, 'HASH', 'robot', 1000, NULL),
    ('t2', 2, 'h2', NULL, 1001, 5000),
    ('t3', 3, 'h3', NULL, 1002, NULL);
`;

/** What the third schema added: a network with devices on it. */
const THIRD = `
  INSERT INTO tenants (name) VALUES ('acme');
  INSERT INTO networks (id, tenant, name, vni, multicast_group, mtu, subnet, addresses, mode) VALUES
    (2, 'acme', 'lab', 102, '239.0.0.102', 1400, '10.20.0.0/24', 1, 'switch');
  INSERT INTO devices (id, tenant, name, public_key, created_at) VALUES
    ('d2', 'acme', 'Laptop', 'k2', 1001),
    ('d1', 'acme', 'laptop', 'k1', 1000);
  INSERT INTO memberships (device_id, network_id) VALUES ('d1', 2), ('d2', 2);
  INSERT INTO addresses (network_id, address, device_id, fixed) VALUES (2, 169082889, 'd1', 1);
`;

describe("the third schema", () => {
  it("keeps tenants, networks and tokens of the first, which still work", async () => {
    using old = await first();
    const store = old.open();
    const tenants = new Tenants(store, () => 2_000);

    expect(tenants.tenants()).toEqual([{ name: "acme" }, { name: "umbrella" }]);
    expect(tenants.networks("acme")).toMatchObject([
      { id: 2, name: "lab", vni: 102, mtu: 1400, subnet: "10.20.0.0/24", addresses: true, mode: "wire" },
      { id: 1, name: "lan", vni: 101, mtu: 1500, subnet: undefined, addresses: false, mode: "switch" },
    ]);
    expect(tenants.tokens("acme")).toEqual([
      {
        ...TOKEN_FIELDS,
        id: "t1",
        tenant: "acme",
        networks: ["lan"],
        name: "robot",
        createdAt: 1_000,
        expiresAt: undefined,
      },
      {
        ...TOKEN_FIELDS,
        id: "t2",
        tenant: "acme",
        networks: ["lab"],
        name: undefined,
        createdAt: 1_001,
        expiresAt: 5_000,
      },
    ]);
    expect(tenants.authenticate(await hashSecret("secret"))).toMatchObject({
      token: "t1",
      tenant: "acme",
      networks: [{ name: "lan" }],
    });
    tenants.deleteNetwork("acme", "lan");
    expect(tenants.tokens("acme")).toMatchObject([{ id: "t2" }]);
    tenants.deleteTenant("umbrella");
    expect(store.tokenByHash("h3")).toBeUndefined();
  });

  it("keeps settings, roles and further networks of tokens of the second", async () => {
    using old = await second();
    const store = old.open();
    const tenants = new Tenants(store, () => 2_000);

    expect(tenants.network("acme", "lan").settings.ageing).toBe(60);
    expect(tenants.tokens("acme")).toMatchObject([
      { id: "t1", networks: ["lan", "lab"], allNetworks: false, roles: ["router"] },
      { id: "t2", networks: ["lab"], roles: [] },
    ]);
    expect(tenants.authenticate(await hashSecret("secret"))).toMatchObject({
      token: "t1",
      networks: [{ name: "lan" }, { name: "lab" }],
      roles: new Set(["router"]),
    });
    expect(tenants.rolesIn(tenants.network("acme", "lab"))).toEqual(new Set(["router"]));
    tenants.deleteNetwork("acme", "lab");
    expect(tenants.tokens("acme")).toMatchObject([{ id: "t1", networks: ["lan"] }]);
    tenants.revokeToken("acme", "t1");
    expect(tenants.rolesIn(tenants.network("acme", "lan"))).toEqual(new Set());
  });

  it.each([first, second])("accepts new objects in an old database", async (older) => {
    using old = await older();
    const tenants = new Tenants(old.open(), () => 2_000);
    const { secret } = await tenants.createToken("acme", {});
    expect(tenants.authenticate(await hashSecret(secret))?.networks).toHaveLength(2);
    const by = { name: "test", from: undefined };
    await tenants.invites.create("acme", { network: "lab" }, by);
    expect(tenants.invites.of("acme")).toMatchObject([{ network: "lab", uses: 1, used: 0 }]);
    const config = { kind: "vxlan", remotes: ["192.0.2.1"] };
    tenants.ports.keep({ id: "p1", tenant: "acme", network: "lab", config }, by);
    expect(tenants.ports.all()).toEqual([{ id: "p1", tenant: "acme", network: "lab", config }]);
    expect(tenants.audit.entries({ tenant: "acme", limit: 10 })).toMatchObject([
      { action: "token.create" },
      { action: "invite.create", actor: "test" },
      { action: "port.create", actor: "test" },
    ]);
  });

  it("has an audit log that cannot be changed, even by SQL", async () => {
    using old = await first();
    const store = old.open();
    new Tenants(store, () => 2_000).createTenant("new");
    store.close();
    const database = new DatabaseSync(old.file);
    onTestFinished(() => database.close());
    expect(() => database.exec("UPDATE audit SET actor = 'nobody'")).toThrow(/append-only/);
    expect(() => database.exec("DELETE FROM audit")).toThrow(/append-only/);
    expect(database.prepare("SELECT actor FROM audit").all()).toEqual([{ actor: "relay" }]);
  });

  it("numbers the entries of each tenant separately, since the creation of the present tenant of that name", async () => {
    using old = await first();
    old.open().close();
    {
      // As a relay of the sixth schema left it.
      const database = new DatabaseSync(old.file);
      database.exec(`
        DROP INDEX audit_of_log; DROP INDEX audit_by_time; DROP INDEX released_addresses_in_order;
        DROP TRIGGER audit_is_not_changed; DROP TRIGGER audit_is_not_deleted;
        DROP TABLE audit_logs; DROP TABLE probe;
        ALTER TABLE tokens DROP COLUMN macs; ALTER TABLE invites DROP COLUMN macs;
        ALTER TABLE memberships DROP COLUMN macs; ALTER TABLE networks DROP COLUMN chosen_subnet;
        ALTER TABLE audit DROP COLUMN request;
        ALTER TABLE audit DROP COLUMN log; ALTER TABLE audit DROP COLUMN number;
        CREATE INDEX audit_of_tenant ON audit (tenant, id);
        CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'no'); END;
        CREATE TRIGGER audit_is_not_deleted BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'no'); END;
        INSERT INTO audit (at, tenant, actor, action, object) VALUES
          (1, 'acme', 'relay', 'tenant.create', 'acme'),
          (2, 'umbrella', 'relay', 'tenant.create', 'umbrella'),
          (3, NULL, 'relay-admin', 'backup.create', 'relay'),
          (4, 'acme', 'relay', 'tenant.delete', 'acme'),
          (5, 'acme', 'relay', 'tenant.create', 'acme'),
          (6, 'umbrella', 'relay-admin', 'network.create', 'lab'),
          (7, 'acme', 'relay-admin', 'network.create', 'lab');
        PRAGMA user_version = 6;
      `);
      database.close();
    }
    const store = old.open();
    const tenants = new Tenants(store, () => 2_000);
    tenants.createNetwork("acme", { name: "late" });
    const of = (tenant: string) =>
      tenants.audit.entries({ tenant, limit: 10 }).map(({ number, at, action }) => [number, at, action]);
    expect(of("acme")).toEqual([
      [1, 5, "tenant.create"],
      [2, 7, "network.create"],
      [3, 2_000, "network.create"],
    ]);
    expect(of("umbrella")).toEqual([
      [1, 2, "tenant.create"],
      [2, 6, "network.create"],
    ]);
    expect(tenants.audit.entries({ tenant: undefined, limit: 20 })).toHaveLength(8);
  });
});

describe("addresses and names of the third schema", () => {
  it("stay, and get IPv6 addresses and labels, always the same", async () => {
    using old = await third();
    const first = Object.fromEntries(described(old.open()));
    const again = Object.fromEntries(described(old.open()));
    expect(first).toEqual(again);
    const prefix = String(first["prefix"]).replace("/64", "");
    expect(prefix).toMatch(/^fd[0-9a-f]{2}:[0-9a-f]{1,4}:[0-9a-f]{1,4}::$/);
    for (const [device, address, label] of [
      ["d1", "10.20.0.9/24", "laptop"],
      ["d2", "10.20.0.2/24", "laptop-2"],
    ] as const) {
      expect(first[device]).toMatchObject({ address, label });
      expect(first[device]).toHaveProperty(
        "address6",
        expect.stringMatching(new RegExp(`^${prefix.slice(0, -1)}`)),
      );
    }
  });

  function described(store: SqliteStore): [string, unknown][] {
    const tenants = new Tenants(store, () => 2_000);
    const network = tenants.network("acme", "lab");
    tenants.names.complete(network);
    const devices = ["d1", "d2"].map((id): [string, unknown] => {
      const { address, address6 } = tenants.addresses.give(network, id);
      const own = parseAddress(address?.split("/")[0] ?? "") ?? 0;
      return [id, { address, address6, label: tenants.names.at(network, own)?.label }];
    });
    store.close();
    return [["prefix", network.prefix6], ...devices];
  }
});

/** A database of the first schema. */
async function first() {
  return await earlier(1, FIRST);
}

/** A database of the second schema. */
async function second() {
  return await earlier(2, `${FIRST}${SECOND}`);
}

/** A database of the third schema, with devices of one name. */
async function third() {
  return await earlier(3, THIRD);
}

async function earlier(version: number, held: string) {
  const directory = mkdtempSync(join(tmpdir(), "laneway-migrations-"));
  const file = join(directory, "laneway.db");
  const database = new DatabaseSync(file);
  for (const step of MIGRATIONS.slice(0, version)) database.exec(step);
  database.exec(held.replace("HASH", await hashSecret("secret")));
  database.exec(`PRAGMA user_version = ${version}`);
  database.close();
  const stores: SqliteStore[] = [];
  return {
    file,
    open: () => {
      const store = SqliteStore.open(file);
      stores.push(store);
      return store;
    },
    [Symbol.dispose]: () => {
      for (const store of stores) {
        try {
          store.close();
        } catch {
          // The test closed it.
        }
      }
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
