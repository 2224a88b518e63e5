import type { Sql } from "../sql.ts";

/** Limits set for a tenant, in place of the defaults, and for one network, in place of its tenant's. */
export class LimitTable {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** Returns a tenant's limits by name; null means unlimited. */
  of(tenant: string): Map<string, number | null> {
    const rows = this.#sql.all("SELECT name, value FROM limits WHERE tenant = ?", tenant);
    return new Map(
      rows.map((row) => [String(row["name"]), row["value"] === null ? null : Number(row["value"])]),
    );
  }

  set(tenant: string, name: string, value: number | null): void {
    this.#sql.run(
      `INSERT INTO limits (tenant, name, value) VALUES (?, ?, ?)
       ON CONFLICT (tenant, name) DO UPDATE SET value = excluded.value`,
      tenant,
      name,
      value,
    );
  }

  /** Returns the own limits of a tenant's networks: by the network's name, then by the limit's. */
  inNetworksOf(tenant: string): Map<string, Map<string, number | null>> {
    const rows = this.#sql.all(
      `SELECT networks.name AS network, network_limits.name AS name, value FROM network_limits
       JOIN networks ON networks.id = network_limits.network_id WHERE tenant = ?`,
      tenant,
    );
    const networks = new Map<string, Map<string, number | null>>();
    for (const { network, name, value } of rows) {
      const limits = networks.get(String(network)) ?? new Map<string, number | null>();
      networks.set(String(network), limits.set(String(name), value === null ? null : Number(value)));
    }
    return networks;
  }

  setIn(networkId: number, name: string, value: number | null): void {
    this.#sql.run(
      `INSERT INTO network_limits (network_id, name, value) VALUES (?, ?, ?)
       ON CONFLICT (network_id, name) DO UPDATE SET value = excluded.value`,
      networkId,
      name,
      value,
    );
  }

  unsetIn(networkId: number, name: string): void {
    this.#sql.run("DELETE FROM network_limits WHERE network_id = ? AND name = ?", networkId, name);
  }
}
