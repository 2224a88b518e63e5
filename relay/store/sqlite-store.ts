import { DatabaseSync } from "node:sqlite";
import type { PortRole } from "../../shared/switch/port.ts";
import {
  changedSettings,
  DEFAULT_SETTINGS,
  type NetworkSettings,
  settingsChange,
} from "../../shared/switch/settings.ts";
import { Fault } from "../../shared/values/fault.ts";
import { addressPool, ulaPrefix } from "../model/address-pool.ts";
import type { Network, NewNetwork, NewToken, Tenant, Token } from "../model/model.ts";
import { BEGINNING, type Part, type TimeKey, WHOLE } from "../model/part.ts";
import { inspect } from "./inspect.ts";
import { MIGRATIONS } from "./migrations.ts";
import { optionalNumber, type Row, Sql } from "./sql.ts";
import type { Store } from "./store.ts";
import { StoreHealth } from "./store-health.ts";
import { AddressTable } from "./tables/address-table.ts";
import { AdminTable } from "./tables/admin-table.ts";
import { AuditTable } from "./tables/audit-table.ts";
import { DeviceTable } from "./tables/device-table.ts";
import { InviteTable } from "./tables/invite-table.ts";
import { LimitTable } from "./tables/limit-table.ts";
import { MemberTable } from "./tables/member-table.ts";
import { PortTable } from "./tables/port-table.ts";
import { UsedAddressTable } from "./tables/used-address-table.ts";

const TOKENS = `
  SELECT tokens.*, networks.name AS network,
    (SELECT json_group_array(others.name) FROM token_networks
     JOIN networks AS others ON others.id = token_networks.network_id WHERE token = tokens.id) AS more
  FROM tokens LEFT JOIN networks ON networks.id = tokens.network_id`;

/** The store in one SQLite file: no server, and the same file under Node and Deno. */
export class SqliteStore implements Store {
  /** Whether the database was just created. */
  readonly isNew: boolean;
  readonly admins: AdminTable;
  readonly invites: InviteTable;
  readonly devices: DeviceTable;
  readonly addresses: AddressTable;
  readonly used: UsedAddressTable;
  readonly members: MemberTable;
  readonly ports: PortTable;
  readonly limits: LimitTable;
  readonly audit: AuditTable;
  readonly health: StoreHealth;
  readonly #database: DatabaseSync;
  readonly #sql: Sql;

  private constructor(database: DatabaseSync, isNew: boolean, health: StoreHealth) {
    this.#database = database;
    this.isNew = isNew;
    this.health = health;
    this.#sql = new Sql(database, health);
    this.admins = new AdminTable(this.#sql);
    this.invites = new InviteTable(this.#sql);
    this.devices = new DeviceTable(this.#sql);
    this.addresses = new AddressTable(this.#sql);
    this.used = new UsedAddressTable(this.#sql);
    this.members = new MemberTable(this.#sql);
    this.ports = new PortTable(this.#sql);
    this.limits = new LimitTable(this.#sql);
    this.audit = new AuditTable(this.#sql);
  }

  /**
   * Opens or creates the database and migrates its schema.
   *
   * @param file a path, or `:memory:`
   * @param mustExist whether to refuse an empty database instead of creating one
   * @param health receives the results of its later writes
   * @throws Fault if it cannot be opened, is not a database, or comes from a newer Laneway; it is left untouched
   */
  static open(file: string, { mustExist = false, health = new StoreHealth() } = {}): SqliteStore {
    try {
      inspect(file, MIGRATIONS.length);
      let isNew = false;
      const database = new DatabaseSync(file, { enableForeignKeyConstraints: true });
      try {
        // One relay at a time, because a second one would not know of the first one's revocations.
        database.exec("PRAGMA busy_timeout = 1000; PRAGMA locking_mode = EXCLUSIVE");
        isNew = migrate(database, mustExist);
        // Written through before a call returns, so that acknowledged changes survive a crash.
        database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; BEGIN IMMEDIATE; COMMIT");
      } catch (error) {
        database.close();
        throw error;
      }
      return new SqliteStore(database, isNew, health);
    } catch (error) {
      if (error instanceof Fault) throw error;
      const detail = error instanceof Error ? error.message : String(error);
      if (/database is locked/.test(detail)) throw inUse(file, error);
      throw new Fault({
        code: "store.unusable",
        message: `the database '${file}' can't be used: ${detail}`,
        hint: "The database is unchanged. Restore it from a backup, or name another directory with --data.",
        cause: error,
      });
    }
  }

  createTenant(name: string): boolean {
    return this.#run("INSERT INTO tenants (name) VALUES (?) ON CONFLICT DO NOTHING", name) > 0;
  }

  tenants({ after = "", limit }: Part<string> = WHOLE): Tenant[] {
    const rows = this.#all("SELECT name FROM tenants WHERE name > ? ORDER BY name LIMIT ?", after, limit);
    return rows.map((row) => ({ name: String(row["name"]) }));
  }

  hasTenant(name: string): boolean {
    return this.#get("SELECT 1 FROM tenants WHERE name = ?", name) !== undefined;
  }

  deleteTenant(name: string): boolean {
    return this.#run("DELETE FROM tenants WHERE name = ?", name) > 0;
  }

  createNetwork(network: NewNetwork): Network | undefined {
    const changes = this.#run(
      `INSERT INTO networks (tenant, name, vni, multicast_group, mtu, subnet, addresses, mode, settings, chosen_subnet, ula)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, random() & 0xffffffffff) ON CONFLICT DO NOTHING`,
      network.tenant,
      network.name,
      network.vni,
      network.group,
      network.mtu,
      network.subnet ?? null,
      network.addresses ? 1 : 0,
      network.mode,
      settingsJson(network.settings),
      network.hasChosenSubnet ? 1 : 0,
    );
    return changes === 0 ? undefined : this.network(network.tenant, network.name);
  }

  networks(tenant: string, { after = "", limit }: Part<string> = WHOLE): Network[] {
    const sql = "SELECT * FROM networks WHERE tenant = ? AND name > ? ORDER BY name LIMIT ?";
    return this.#all(sql, tenant, after, limit).map(toNetwork);
  }

  countNetworks(tenant: string): number {
    return Number(this.#get("SELECT COUNT(*) AS count FROM networks WHERE tenant = ?", tenant)?.["count"]);
  }

  networksOfDevice(device: string): Network[] {
    const sql = `SELECT networks.* FROM memberships JOIN networks ON networks.id = network_id
      WHERE device_id = ? ORDER BY networks.name`;
    return this.#all(sql, device).map(toNetwork);
  }

  network(tenant: string, name: string): Network | undefined {
    const row = this.#get("SELECT * FROM networks WHERE tenant = ? AND name = ?", tenant, name);
    return row === undefined ? undefined : toNetwork(row);
  }

  networksNamed(tenant: string, names: readonly string[]): Network[] {
    // One statement for all, because a token may open hundreds of networks.
    const sql = "SELECT * FROM networks WHERE tenant = ? AND name IN (SELECT value FROM json_each(?))";
    const rows = this.#all(sql, tenant, JSON.stringify(names));
    const found = new Map(rows.map(toNetwork).map((network) => [network.name, network]));
    return names.flatMap((name) => found.get(name) ?? []);
  }

  changeSettings(tenant: string, name: string, settings: NetworkSettings): Network | undefined {
    this.#run(
      "UPDATE networks SET settings = ? WHERE tenant = ? AND name = ?",
      settingsJson(settings),
      tenant,
      name,
    );
    return this.network(tenant, name);
  }

  deleteNetwork(tenant: string, name: string): boolean {
    return this.#run("DELETE FROM networks WHERE tenant = ? AND name = ?", tenant, name) > 0;
  }

  freeVni(from: number): number {
    // Either `from` itself, or the first gap behind a taken VNI.
    const row = this.#get(
      `SELECT MIN(candidate) AS vni FROM (
         SELECT ?1 AS candidate UNION ALL SELECT vni + 1 FROM networks WHERE vni >= ?1
       ) WHERE candidate NOT IN (SELECT vni FROM networks)`,
      from,
    );
    return Number(row?.["vni"]);
  }

  vniTaken(vni: number): boolean {
    return this.#get("SELECT 1 FROM networks WHERE vni = ?", vni) !== undefined;
  }

  createToken(token: NewToken): void {
    const [first, ...more] = token.networks;
    this.transaction(() => {
      // The schema refuses a token for a missing network, unless it opens all.
      this.#run(
        `INSERT INTO tokens (id, tenant, network_id, all_networks, hash, name, roles, macs, created_at, expires_at)
         VALUES (?1, ?2, (SELECT id FROM networks WHERE tenant = ?2 AND name = ?3), ?4, ?5, ?6, ?7, ?8, ?9, ?10)`,
        token.id,
        token.tenant,
        first ?? null,
        token.allNetworks ? 1 : 0,
        token.hash,
        token.name ?? null,
        JSON.stringify(token.roles),
        token.macs ?? null,
        token.createdAt,
        token.expiresAt ?? null,
      );
      for (const network of more) {
        this.#run(
          "INSERT INTO token_networks VALUES (?, (SELECT id FROM networks WHERE tenant = ? AND name = ?))",
          token.id,
          token.tenant,
          network,
        );
      }
    });
  }

  tokens(tenant: string, { after = BEGINNING, limit }: Part<TimeKey> = WHOLE): Token[] {
    return this.#all(
      `${TOKENS} WHERE tokens.tenant = ? AND (tokens.created_at, tokens.id) > (?, ?)
       ORDER BY tokens.created_at, tokens.id LIMIT ?`,
      tenant,
      ...after,
      limit,
    ).map(toToken);
  }

  countTokens(tenant: string): number {
    return Number(this.#get("SELECT COUNT(*) AS count FROM tokens WHERE tenant = ?", tenant)?.["count"]);
  }

  rolesIn(network: Network): ReadonlySet<PortRole> {
    const rows = this.#all(
      `SELECT DISTINCT role.value AS role FROM tokens, json_each(tokens.roles) AS role
       WHERE tokens.network_id = ?1
       OR tokens.id IN (SELECT token FROM token_networks WHERE network_id = ?1)
       OR (tokens.all_networks AND tokens.tenant = ?2)`,
      network.id,
      network.tenant,
    );
    return new Set(rows.map((row) => String(row["role"]) as PortRole));
  }

  tokenByHash(hash: string): Token | undefined {
    const row = this.#get(`${TOKENS} WHERE tokens.hash = ?`, hash);
    return row === undefined ? undefined : toToken(row);
  }

  deleteToken(tenant: string, id: string): boolean {
    return this.#run("DELETE FROM tokens WHERE id = ? AND tenant = ?", id, tenant) > 0;
  }

  check(): void {
    this.#get("SELECT 1 FROM tenants LIMIT 1");
    if (this.health.takeTurn()) {
      this.#run(
        "INSERT INTO probe (id, tries) VALUES (1, 1) ON CONFLICT (id) DO UPDATE SET tries = tries + 1",
      );
    }
    if (this.health.failure !== undefined) throw this.health.failure;
  }

  transaction<Result>(work: () => Result): Result {
    return this.#sql.transaction(work);
  }

  copyTo(file: string): void {
    this.#run("VACUUM INTO ?", file);
  }

  close(): void {
    this.#database.close();
  }

  #all(sql: string, ...values: (string | number | null)[]): Row[] {
    return this.#sql.all(sql, ...values);
  }

  #get(sql: string, ...values: (string | number | null)[]): Row | undefined {
    return this.#sql.get(sql, ...values);
  }

  #run(sql: string, ...values: (string | number | null)[]): number {
    return this.#sql.run(sql, ...values);
  }
}

function inUse(file: string, cause: unknown): Fault {
  return new Fault({
    code: "store.in-use",
    message: `another relay uses the database '${file}'`,
    hint: "Stop that relay first, or name another directory with --data.",
    cause,
  });
}

/**
 * Applies the missing steps.
 *
 * @returns whether the database was empty
 */
function migrate(database: DatabaseSync, mustExist: boolean): boolean {
  const version = Number(database.prepare("PRAGMA user_version").get()?.["user_version"]);
  if (version === 0 && mustExist) throw new Error("it is not a relay's");
  if (version === MIGRATIONS.length) return false;
  const steps = MIGRATIONS.slice(version).join("\n");
  database.exec(`BEGIN IMMEDIATE; ${steps}; PRAGMA user_version = ${MIGRATIONS.length}; COMMIT`);
  return version === 0;
}

function toNetwork(row: Row): Network {
  const subnet = row["subnet"] === null ? undefined : String(row["subnet"]);
  const addresses = row["addresses"] === 1;
  const gives = addressPool({ subnet, addresses }) !== undefined;
  return {
    id: Number(row["id"]),
    tenant: String(row["tenant"]),
    name: String(row["name"]),
    vni: Number(row["vni"]),
    group: String(row["multicast_group"]),
    mtu: Number(row["mtu"]),
    subnet,
    ...(row["chosen_subnet"] === 1 ? { hasChosenSubnet: true } : {}),
    addresses,
    prefix6: gives ? ulaPrefix(Number(row["ula"])) : undefined,
    mode: row["mode"] === "wire" ? "wire" : "switch",
    settings: settingsOf(String(row["settings"])),
  };
}

/**
 * Recently read settings by their JSON, because most networks of a relay have the same. The oldest are removed first.
 */
const readSettings = new Map<string, NetworkSettings>();
const READ_SETTINGS = 256;

function settingsOf(json: string): NetworkSettings {
  const known = readSettings.get(json);
  if (known !== undefined) return known;
  const settings = changedSettings(DEFAULT_SETTINGS, settingsChange.parse(JSON.parse(json)));
  readSettings.set(json, settings);
  const [oldest = json] = readSettings.keys();
  if (readSettings.size > READ_SETTINGS) readSettings.delete(oldest);
  return settings;
}

/** Returns only the settings that differ from the defaults, so that better defaults reach networks that never chose. */
function settingsJson(settings: NetworkSettings): string {
  const chosen = Object.entries(settings).filter(
    ([key, value]) => value !== DEFAULT_SETTINGS[key as keyof NetworkSettings],
  );
  return JSON.stringify(Object.fromEntries(chosen));
}

function toToken(row: Row): Token {
  return {
    id: String(row["id"]),
    tenant: String(row["tenant"]),
    networks: [
      ...(row["network"] === null ? [] : [String(row["network"])]),
      ...(JSON.parse(String(row["more"])) as string[]),
    ],
    allNetworks: row["all_networks"] === 1,
    roles: JSON.parse(String(row["roles"])) as PortRole[],
    macs: optionalNumber(row, "macs"),
    name: row["name"] === null ? undefined : String(row["name"]),
    createdAt: Number(row["created_at"]),
    expiresAt: row["expires_at"] === null ? undefined : Number(row["expires_at"]),
  };
}
