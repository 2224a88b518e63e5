import type { Admin, NewAdmin } from "../../model/model.ts";
import { BEGINNING, type Part, type TimeKey, WHOLE } from "../../model/part.ts";
import { optionalNumber, optionalText, type Row, type Sql } from "../sql.ts";

/** The administrators of tenants. */
export class AdminTable {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  create({ id, tenant, hash, name, createdAt, expiresAt }: NewAdmin): void {
    this.#sql.run(
      "INSERT INTO admins (id, tenant, hash, name, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?)",
      id,
      tenant,
      hash,
      name ?? null,
      createdAt,
      expiresAt ?? null,
    );
  }

  /** Returns a tenant's administrators, the oldest first. */
  of(tenant: string, { after = BEGINNING, limit }: Part<TimeKey> = WHOLE): Admin[] {
    return this.#sql
      .all(
        `SELECT * FROM admins WHERE tenant = ? AND (created_at, id) > (?, ?)
         ORDER BY created_at, id LIMIT ?`,
        tenant,
        ...after,
        limit,
      )
      .map(toAdmin);
  }

  byHash(hash: string): Admin | undefined {
    const row = this.#sql.get("SELECT * FROM admins WHERE hash = ?", hash);
    return row === undefined ? undefined : toAdmin(row);
  }

  delete(tenant: string, id: string): boolean {
    return this.#sql.run("DELETE FROM admins WHERE tenant = ? AND id = ?", tenant, id) > 0;
  }
}

function toAdmin(row: Row): Admin {
  return {
    id: String(row["id"]),
    tenant: String(row["tenant"]),
    name: optionalText(row, "name"),
    createdAt: Number(row["created_at"]),
    expiresAt: optionalNumber(row, "expires_at"),
  };
}
