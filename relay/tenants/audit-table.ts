import type { AuditEntry } from "./model.ts";
import type { Part } from "./part.ts";
import { optionalText, type Row, type Sql } from "./sql.ts";

const OF_TENANT = `AND tenant = ?
  AND id >= COALESCE((SELECT MAX(id) FROM audit WHERE tenant = ? AND action = 'tenant.create'), 0)`;

/** Which entries; `after` is the id of the last one of the part before. */
export interface AuditQuery extends Part<number> {
  /** Of the whole relay where it is absent. */
  readonly tenant: string | undefined;
  /** Seconds since 1970. */
  readonly since: number;
  /** Whether the newest come first. */
  readonly newest?: boolean | undefined;
}

export interface NumberedEntry extends AuditEntry {
  /** In the order in which they were written down. */
  readonly id: number;
}

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

  /**
   * What was written down since a second since 1970. Of one tenant: from when it was made, not what befell another of
   * the same name before.
   */
  entries({ tenant, since, newest, after, limit }: AuditQuery): NumberedEntry[] {
    const [order, behind, start] =
      newest === true ? ["DESC", "id < ?", Number.MAX_SAFE_INTEGER] : ["ASC", "id > ?", 0];
    const [own, owner] = tenant === undefined ? ["", []] : [OF_TENANT, [tenant, tenant]];
    return this.#sql
      .all(
        `SELECT * FROM audit WHERE at >= ? AND ${behind} ${own} ORDER BY id ${order} LIMIT ?`,
        since,
        after ?? start,
        ...owner,
        limit,
      )
      .map(toEntry);
  }
}

function toEntry(row: Row): NumberedEntry {
  return {
    id: Number(row["id"]),
    at: Number(row["at"]),
    tenant: optionalText(row, "tenant"),
    actor: String(row["actor"]),
    action: String(row["action"]),
    object: String(row["object"]),
    from: optionalText(row, "from_address"),
  };
}
