import type { AuditEntry } from "./model.ts";
import { optionalText, type Row, type Sql } from "./sql.ts";

/** The audit log. It can be appended to, and nothing else: the database itself refuses the rest. */
export class AuditTable {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  append({ at, tenant, actor, action, object, from }: AuditEntry): void {
    this.#sql.run(
      "INSERT INTO audit (at, tenant, actor, action, object, from_address) VALUES (?, ?, ?, ?, ?, ?)",
      at,
      tenant ?? null,
      actor,
      action,
      object,
      from ?? null,
    );
  }

  /** Everything from a second since 1970 on, the oldest first, `limit` entries at most: the newest. */
  all(since: number, limit: number): AuditEntry[] {
    return this.#newest("at >= ?", limit, since);
  }

  /** The same of one tenant, from when it was made: not what befell another of the same name before. */
  of(tenant: string, since: number, limit: number): AuditEntry[] {
    return this.#newest(
      `at >= ?1 AND tenant = ?2
       AND id >= COALESCE((SELECT MAX(id) FROM audit WHERE tenant = ?2 AND action = 'tenant.create'), 0)`,
      limit,
      since,
      tenant,
    );
  }

  #newest(where: string, limit: number, ...values: (string | number)[]): AuditEntry[] {
    return this.#sql
      .all(`SELECT * FROM audit WHERE ${where} ORDER BY id DESC LIMIT ${limit}`, ...values)
      .map(toEntry)
      .reverse();
  }
}

function toEntry(row: Row): AuditEntry {
  return {
    at: Number(row["at"]),
    tenant: optionalText(row, "tenant"),
    actor: String(row["actor"]),
    action: String(row["action"]),
    object: String(row["object"]),
    from: optionalText(row, "from_address"),
  };
}
