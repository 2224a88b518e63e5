import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { NewNetwork, NewToken } from "../../../relay/model/model.ts";
import { MIGRATIONS } from "../../../relay/store/migrations.ts";
import { SqliteStore } from "../../../relay/store/sqlite-store.ts";
import { DEFAULT_SETTINGS, type NetworkSettings } from "../../../shared/switch/settings.ts";
import { Fault } from "../../../shared/values/fault.ts";

/** A prefix of RFC 4193: of fd00::/8, with subnet 0. */
const ULA = /^fd[0-9a-f]{2}:[0-9a-f]{1,4}:[0-9a-f]{1,4}::\/64$/;

describe("the SQLite store", () => {
  let directory = "";
  let file = "";

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "laneway-store-"));
    file = join(directory, "laneway.db");
  });

  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  describe("opened", () => {
    it("for the first time has the current schema and no content", () => {
      {
        using store = open(file);
        expect(store.tenants()).toEqual([]);
        expect(store.isNew).toBe(true);
      }
      expect(versionOf(file)).toBe(MIGRATIONS.length);
      using again = open(file);
      expect(again.isNew).toBe(false);
    });

    it("is used by one relay at a time", () => {
      using store = open(file);
      store.createTenant("acme");
      expect(faultOf(() => SqliteStore.open(file))).toMatchObject({ code: "store.in-use", exitCode: 1 });
    });

    it("again has its previous content", () => {
      {
        using store = open(file);
        store.createTenant("acme");
        store.createNetwork(network({ name: "full", subnet: "10.0.0.0/24", addresses: true, mode: "wire" }));
        store.createNetwork(network({ name: "bare", vni: 102 }));
        store.createToken(token({ networks: ["full"], name: "robot", expiresAt: 2_000 }));
        store.createToken(token({ id: "t2", hash: "h2", networks: ["bare"] }));
      }
      using store = open(file);
      expect(store.network("acme", "full")).toEqual({
        id: expect.any(Number),
        ...network({ name: "full", subnet: "10.0.0.0/24", addresses: true, mode: "wire" }),
        prefix6: expect.stringMatching(ULA),
      });
      expect(store.network("acme", "bare")).toMatchObject(network({ name: "bare", vni: 102 }));
      const { hash: _, ...shown } = token({ networks: ["full"], name: "robot", expiresAt: 2_000 });
      expect(store.tokenByHash("h1")).toEqual(shown);
      expect(store.tokenByHash("h2")).toMatchObject({ name: undefined, expiresAt: undefined });
    });

    it("migrates the database of any older schema", () => {
      for (let version = 0; version < MIGRATIONS.length; version++) {
        const old = join(directory, `schema-${version}.db`);
        const database = new DatabaseSync(old);
        for (const step of MIGRATIONS.slice(0, version)) database.exec(step);
        database.exec(`PRAGMA user_version = ${version}`);
        database.close();
        {
          using store = open(old);
          expect(store.createTenant("acme")).toBe(true);
        }
        expect(versionOf(old)).toBe(MIGRATIONS.length);
      }
    });

    it("keeps everything of a database of schema 1, with default settings, roles and further networks", () => {
      const database = new DatabaseSync(file);
      database.exec(MIGRATIONS[0] ?? "");
      database.exec(`
        PRAGMA user_version = 1;
        INSERT INTO tenants VALUES ('acme'), ('umbrella');
        INSERT INTO networks VALUES
          (7, 'acme', 'full', 70001, '239.1.17.113', 1400, '10.0.0.0/24', 1, 'wire'),
          (9, 'umbrella', 'full', 102, '239.0.0.102', 1500, NULL, 0, 'switch');
        INSERT INTO tokens VALUES
          ('t1', 7, 'h1', 'robot', 1000, 2000),
          ('t2', 9, 'h2', NULL, 1001, NULL);
      `);
      database.close();
      {
        using store = open(file);
        expect(store.isNew).toBe(false);
      }
      using store = open(file);
      expect(store.tenants()).toEqual([{ name: "acme" }, { name: "umbrella" }]);
      const full = network({
        name: "full",
        vni: 70_001,
        group: "239.1.17.113",
        mtu: 1400,
        subnet: "10.0.0.0/24",
        addresses: true,
        mode: "wire",
      });
      const other = network({ tenant: "umbrella", name: "full", vni: 102, group: "239.0.0.102" });
      expect(store.networks("acme")).toEqual([{ id: 7, ...full, prefix6: expect.stringMatching(ULA) }]);
      expect(store.networks("acme")).toEqual(store.networks("acme"));
      expect(store.networks("umbrella")).toEqual([{ id: 9, ...other }]);
      const { hash: _, ...robot } = token({ networks: ["full"], name: "robot", expiresAt: 2_000 });
      expect(store.tokenByHash("h1")).toEqual(robot);
      expect(store.tokens("umbrella")).toMatchObject([
        { id: "t2", networks: ["full"], roles: [], createdAt: 1_001 },
      ]);
      expect(store.deleteNetwork("acme", "full")).toBe(true);
      expect(store.tokenByHash("h1")).toBeUndefined();
    });

    it("refuses the database of a newer Laneway and leaves it untouched", () => {
      const database = new DatabaseSync(file);
      database.exec(`CREATE TABLE future (x); PRAGMA user_version = ${MIGRATIONS.length + 1}`);
      database.close();
      const before = readFileSync(file);

      const fault = faultOf(() => SqliteStore.open(file));

      expect(fault).toMatchObject({ code: "store.newer", exitCode: 1 });
      expect(fault.message).toContain(file);
      expect(readFileSync(file).equals(before)).toBe(true);
      expect(existsSync(`${file}-wal`)).toBe(false);
    });

    it.each([
      ["text", Buffer.from("this is no database, but long enough to be looked at: ".repeat(50))],
      ["a damaged database", damaged],
      ["a torn database", torn],
      ["a database with a page that is damaged", scratched],
    ])("refuses %s and leaves it untouched", (_what, make) => {
      writeFileSync(file, Buffer.isBuffer(make) ? make : make(join(directory, "model.db")));
      const before = readFileSync(file);

      const fault = faultOf(() => SqliteStore.open(file));

      expect(fault).toMatchObject({ code: "store.unusable", exitCode: 1 });
      expect(fault.message).toContain(file);
      expect(readFileSync(file).equals(before)).toBe(true);
    });

    it.each([
      ["is a newer Laneway's", "store.newer", 1_000, 0],
      ["is damaged", "store.unusable", MIGRATIONS.length, 4_096],
    ])(
      "leaves one that %s untouched with the journal of a relay that was killed",
      (_what, code, version, nonsense) => {
        const model = join(directory, "model.db");
        const bytes = scratched(model, nonsense);
        const running = new DatabaseSync(model);
        running.exec("PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0");
        running.exec(`CREATE TABLE more (x); PRAGMA user_version = ${version}`);
        // Changes stay in the journal while it is open, as after SIGKILL.
        writeFileSync(file, bytes);
        copyFileSync(`${model}-wal`, `${file}-wal`);
        running.close();
        const before = contents();

        expect(faultOf(() => SqliteStore.open(file))).toMatchObject({ code });

        expect(contents()).toEqual(before);
      },
    );

    it("continues from the journal of a relay that was killed", () => {
      const running = SqliteStore.open(join(directory, "model.db"));
      running.createTenant("acme");
      for (const part of ["", "-wal"]) copyFileSync(join(directory, `model.db${part}`), `${file}${part}`);
      running.close();
      using store = open(file);
      expect(store.tenants()).toEqual([{ name: "acme" }]);
    });

    it("refuses a place where no file can be created", () => {
      const fault = faultOf(() => SqliteStore.open(join(directory, "nowhere", "laneway.db")));
      expect(fault).toMatchObject({ code: "store.unusable", exitCode: 1 });
    });

    it("applies a step of the schema completely or not at all", () => {
      const database = new DatabaseSync(file);
      // Conflicts with the first step's last table.
      database.exec("CREATE TABLE tokens (x)");
      database.close();
      faultOf(() => SqliteStore.open(file));
      const after = new DatabaseSync(file);
      expect(after.prepare("SELECT name FROM sqlite_schema").all()).toEqual([{ name: "tokens" }]);
      after.close();
      expect(versionOf(file)).toBe(0);
    });
  });

  /** The files in the directory, by name. */
  function contents(): Map<string, string> {
    return new Map(
      readdirSync(directory).map((name) => [name, readFileSync(join(directory, name), "base64")]),
    );
  }

  describe("with tenants, networks and tokens", () => {
    let store: Closing;

    beforeEach(() => {
      store = open(":memory:");
      store.createTenant("acme");
      store.createTenant("umbrella");
    });

    afterEach(() => store.close());

    it("has each tenant once, in order of their names", () => {
      expect(store.createTenant("acme")).toBe(false);
      expect(store.createTenant("aaa")).toBe(true);
      expect(store.tenants()).toEqual([{ name: "aaa" }, { name: "acme" }, { name: "umbrella" }]);
      expect(store.hasTenant("acme")).toBe(true);
      expect(store.hasTenant("ACME")).toBe(false);
    });

    it("has each name once in a tenant, and each VNI once in all", () => {
      expect(store.createNetwork(network())).toBeDefined();
      expect(store.createNetwork(network({ vni: 102 }))).toBeUndefined();
      expect(store.createNetwork(network({ name: "other" }))).toBeUndefined();
      expect(store.createNetwork(network({ tenant: "umbrella", name: "other" }))).toBeUndefined();
      expect(store.createNetwork(network({ tenant: "umbrella", vni: 102 }))).toMatchObject({ vni: 102 });
      expect(store.networks("acme")).toMatchObject([{ name: "lan", vni: 101 }]);
      expect(store.vniTaken(101)).toBe(true);
      expect(store.vniTaken(103)).toBe(false);
    });

    it("creates no network for a missing tenant", () => {
      expect(() => store.createNetwork(network({ tenant: "nobody" }))).toThrow();
    });

    it("finds the lowest free VNI", () => {
      const vnis = fc.uniqueArray(fc.integer({ min: 95, max: 115 }), { maxLength: 15 });
      fc.assert(
        fc.property(vnis, fc.integer({ min: 95, max: 115 }), (taken, from) => {
          using other = open(":memory:");
          other.createTenant("acme");
          for (const vni of taken) other.createNetwork(network({ name: `n${vni}`, vni }));
          let free = from;
          while (taken.includes(free)) free++;
          expect(other.freeVni(from)).toBe(free);
        }),
      );
    });

    it("deletes with a network its tokens, and nothing else", () => {
      store.createNetwork(network());
      store.createNetwork(network({ name: "other", vni: 102 }));
      store.createToken(token());
      store.createToken(token({ id: "t2", hash: "h2", networks: ["other"] }));
      expect(store.deleteNetwork("umbrella", "lan")).toBe(false);
      expect(store.deleteNetwork("acme", "lan")).toBe(true);
      expect(store.deleteNetwork("acme", "lan")).toBe(false);
      expect(store.tokenByHash("h1")).toBeUndefined();
      expect(store.tokens("acme")).toMatchObject([{ id: "t2" }]);
      expect(store.freeVni(101)).toBe(101);
    });

    it("deletes with a tenant its networks and their tokens, and nothing else", () => {
      store.createNetwork(network());
      store.createNetwork(network({ tenant: "umbrella", vni: 102 }));
      store.createToken(token());
      store.createToken(token({ id: "t2", hash: "h2", tenant: "umbrella" }));
      expect(store.deleteTenant("acme")).toBe(true);
      expect(store.deleteTenant("acme")).toBe(false);
      expect(store.network("acme", "lan")).toBeUndefined();
      expect(store.tokenByHash("h1")).toBeUndefined();
      expect(store.tokenByHash("h2")).toMatchObject({ id: "t2", tenant: "umbrella", networks: ["lan"] });
      expect(store.vniTaken(101)).toBe(false);
    });

    it("deletes a token only for its own tenant", () => {
      store.createNetwork(network());
      store.createToken(token());
      expect(store.deleteToken("umbrella", "t1")).toBe(false);
      expect(store.deleteToken("acme", "t2")).toBe(false);
      expect(store.deleteToken("acme", "t1")).toBe(true);
      expect(store.tokenByHash("h1")).toBeUndefined();
    });

    it("lists a tenant's tokens, the oldest first", () => {
      store.createNetwork(network());
      store.createNetwork(network({ name: "other", vni: 102 }));
      store.createNetwork(network({ tenant: "umbrella", vni: 103 }));
      store.createToken(token({ id: "b", hash: "1", createdAt: 20 }));
      store.createToken(token({ id: "a", hash: "2", createdAt: 20, networks: ["other"] }));
      store.createToken(token({ id: "c", hash: "3", createdAt: 10 }));
      store.createToken(token({ id: "d", hash: "4", tenant: "umbrella" }));
      expect(store.tokens("acme").map(({ id }) => id)).toEqual(["c", "a", "b"]);
    });

    it("keeps a network's settings, and applies current defaults to those never set", () => {
      const chosen: NetworkSettings = { ...DEFAULT_SETTINGS, ageing: 60, dhcp_guard: "on" };
      expect(store.createNetwork(network({ settings: chosen }))?.settings).toEqual(chosen);
      const next: NetworkSettings = { ...chosen, ageing: DEFAULT_SETTINGS.ageing, ethertypes: "deny:llc" };
      expect(store.changeSettings("acme", "lan", next)?.settings).toEqual(next);
      expect(store.network("acme", "lan")?.settings).toEqual(next);
      expect(store.changeSettings("umbrella", "lan", next)).toBeUndefined();
      store.close();
      store = open(file);
      store.createTenant("acme");
      store.createNetwork(network({ settings: next }));
      store.close();
      const database = new DatabaseSync(file);
      const row = database.prepare("SELECT settings FROM networks").get();
      database.close();
      expect(JSON.parse(String(row?.["settings"]))).toEqual({ dhcp_guard: "on", ethertypes: "deny:llc" });
      store = open(":memory:");
    });

    it("lets tokens open several networks of their tenant, and removes deleted ones", () => {
      for (const [i, name] of ["lan", "other", "third"].entries()) {
        store.createNetwork(network({ name, vni: 101 + i }));
      }
      store.createToken(token({ networks: ["lan", "third", "other"], roles: ["router"] }));
      const networks = () => store.tokenByHash("h1")?.networks;
      expect(networks()?.at(0)).toBe("lan");
      expect([...(networks() ?? [])].sort()).toEqual(["lan", "other", "third"]);
      expect(store.tokens("acme")).toMatchObject([{ id: "t1", roles: ["router"] }]);
      store.deleteNetwork("acme", "third");
      expect(networks()).toEqual(["lan", "other"]);
      store.deleteNetwork("acme", "lan");
      expect(networks()).toBeUndefined();
      expect(store.network("acme", "other")).toBeDefined();
    });

    it("creates no token unless all its networks are its tenant's", () => {
      store.createNetwork(network());
      store.createNetwork(network({ tenant: "umbrella", name: "other", vni: 102 }));
      for (const networks of [["nothing"], ["lan", "nothing"], ["lan", "other"], []]) {
        expect(() => store.createToken(token({ networks }))).toThrow();
      }
      expect(store.tokens("acme")).toEqual([]);
      store.createToken(token());
      expect(store.tokens("acme")).toHaveLength(1);
    });

    it("lets tokens open every network of their tenant, without naming any", () => {
      store.createNetwork(network());
      store.createToken(token({ networks: [], allNetworks: true, roles: ["router"] }));
      const other = store.createNetwork(network({ name: "other", vni: 102 }));
      const foreign = store.createNetwork(network({ tenant: "umbrella", vni: 103 }));
      if (other === undefined || foreign === undefined) throw new Error("both networks were made");
      expect(store.rolesIn(other)).toEqual(new Set(["router"]));
      expect(store.rolesIn(foreign)).toEqual(new Set());
      store.deleteNetwork("acme", "lan");
      expect(store.tokenByHash("h1")).toMatchObject({ id: "t1", networks: [], allNetworks: true });
      store.deleteTenant("acme");
      expect(store.tokenByHash("h1")).toBeUndefined();
    });

    it("returns the roles in a network from all tokens that open it", () => {
      const lan = store.createNetwork(network());
      const other = store.createNetwork(network({ name: "other", vni: 102 }));
      if (lan === undefined || other === undefined) throw new Error("two networks were made");
      expect(store.rolesIn(lan)).toEqual(new Set());
      store.createToken(token({ roles: ["router"] }));
      store.createToken(token({ id: "t2", hash: "h2", networks: ["other", "lan"], roles: ["dhcp-server"] }));
      expect(store.rolesIn(lan)).toEqual(new Set(["router", "dhcp-server"]));
      expect(store.rolesIn(other)).toEqual(new Set(["dhcp-server"]));
      store.deleteToken("acme", "t2");
      expect(store.rolesIn(lan)).toEqual(new Set(["router"]));
    });

    it("treats names as plain text", () => {
      const name = "'; DROP TABLE tenants; --";
      expect(store.createTenant(name)).toBe(true);
      expect(store.hasTenant(name)).toBe(true);
      expect(store.deleteTenant("' OR ''='")).toBe(false);
      expect(store.tenants()).toHaveLength(3);
    });

    it("reports whether it can be read", () => {
      store.check();
      const closed = SqliteStore.open(":memory:");
      closed.close();
      expect(() => closed.check()).toThrow();
    });
  });
});

type Closing = SqliteStore & Disposable;

function open(file: string): Closing {
  const store = SqliteStore.open(file);
  return Object.assign(store, { [Symbol.dispose]: () => store.close() });
}

function network(fields: Partial<NewNetwork> = {}): NewNetwork {
  return {
    tenant: "acme",
    name: "lan",
    vni: 101,
    group: "239.0.0.101",
    mtu: 1500,
    subnet: undefined,
    addresses: false,
    mode: "switch",
    settings: DEFAULT_SETTINGS,
    ...fields,
  };
}

function token(fields: Partial<NewToken> = {}): NewToken {
  return {
    id: "t1",
    tenant: "acme",
    networks: ["lan"],
    allNetworks: false,
    roles: [],
    name: undefined,
    createdAt: 1_000,
    expiresAt: undefined,
    hash: "h1",
    ...fields,
  };
}

function versionOf(file: string): unknown {
  const database = new DatabaseSync(file);
  try {
    return database.prepare("PRAGMA user_version").get()?.["user_version"];
  } finally {
    database.close();
  }
}

/** A database whose header is whole and whose schema is not. */
function damaged(model: string): Buffer {
  const bytes = torn(model, 1);
  return bytes.fill(0xaa, 100, 2_000);
}

/** A database whose every table can be opened, one of which contains nonsense. */
function scratched(model: string, nonsense = 4_096): Buffer {
  const store = SqliteStore.open(model);
  for (let i = 0; i < 500; i++) store.createTenant(`tenant-${i}`);
  store.close();
  const bytes = Buffer.from(readFileSync(model));
  const at = bytes.indexOf("tenant-250");
  const page = at - (at % 4_096);
  return bytes.fill(0xaa, page, Math.min(at, page + nonsense));
}

/** A database that lost its end. */
function torn(model: string, kept = 0.4): Buffer {
  const store = SqliteStore.open(model);
  store.createTenant("acme");
  store.close();
  const bytes = readFileSync(model);
  return bytes.subarray(0, Math.floor(bytes.length * kept));
}

function faultOf(action: () => unknown): Fault {
  try {
    action();
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}
