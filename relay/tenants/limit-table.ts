import type { Sql } from "./sql.ts";

/** Limits that were set for a tenant, in place of the defaults. */
export class LimitTable {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** By name; null where it was lifted. */
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
}
