import type { AuditEntry } from "../../model/model.ts";
import type { Part } from "../../model/part.ts";
import { optionalText, type Row, type Sql } from "../sql.ts";

/** The last number in the log that is parameter 7. */
const LAST = `MAX(
  COALESCE((SELECT MAX(number) FROM audit WHERE log = ?7), 0),
  (SELECT gone FROM audit_logs WHERE id = ?7)
)`;

/** Selection of entries. */
export interface AuditFilter extends Part<number> {
  /** Absent for the whole relay. */
  readonly tenant: string | undefined;
  /** Seconds since 1970. */
  readonly since: number;
  /** Whether the newest come first. */
  readonly newest?: boolean | undefined;
}

export interface NumberedEntry extends AuditEntry {
  /**
   * Place in the order of the whole relay: for the relay's administrator alone, because it reveals how busy all tenants
   * are.
   */
  readonly id: number;
  /** Place in the tenant's own log, from 1. */
  readonly number: number;
}

/** The log of one tenant since its creation; a later tenant of the same name has another. */
export interface AuditLogRecord {
  readonly id: number;
  /** Absent for entries about the relay as a whole. */
  readonly tenant: string | undefined;
}

/** Retention of one log. */
export interface Keep {
  /** Number of entries. */
  readonly entries: number;
  /** Entries before this time are removed, seconds since 1970. */
  readonly since: number;
}

/**
 * The audit log. Entries can be appended, and a log's oldest entries removed: the database itself refuses all other
 * changes. Each tenant's entries have their own numbers.
 */
export class AuditTable {
  readonly #sql: Sql;
  readonly #grown = new Set<number>();

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  append({ at, tenant, actor, action, object, from, request }: AuditEntry): void {
    const log = (action === "tenant.create" ? undefined : this.#current(tenant)) ?? this.#begin(tenant);
    this.#sql.run(
      `INSERT INTO audit (at, tenant, actor, action, object, from_address, log, number, request)
       VALUES (?, ?, ?, ?, ?, ?, ?7, ${LAST} + 1, ?8)`,
      at,
      tenant ?? null,
      actor,
      action,
      object,
      from ?? null,
      log,
      request ?? null,
    );
    this.#grown.add(log);
  }

  /**
   * Returns entries since a time in seconds since 1970. Excludes entries of an earlier tenant that had the same name.
   * `after` is the number of the previous part's last entry; for the whole relay it is the id.
   */
  entries({ tenant, since, newest = false, after, limit }: AuditFilter): NumberedEntry[] {
    return tenant === undefined
      ? this.#ofRelay(since, newest, after, limit)
      : this.#ofTenant(tenant, since, newest, after, limit);
  }

  /** Returns the logs behind the one with this id, in order. */
  logs(after: number, limit: number): AuditLogRecord[] {
    return this.#sql
      .all("SELECT * FROM audit_logs WHERE id > ? ORDER BY id LIMIT ?", after, limit)
      .map(toLog);
  }

  /** Returns some of the logs that have grown since they were last returned. */
  takeGrown(limit: number): AuditLogRecord[] {
    const logs: AuditLogRecord[] = [];
    for (const id of this.#grown) {
      if (logs.length >= limit) break;
      this.#grown.delete(id);
      const row = this.#sql.get("SELECT * FROM audit_logs WHERE id = ?", id);
      if (row !== undefined) logs.push(toLog(row));
    }
    return logs;
  }

  /** Makes {@link takeGrown} return a log again. */
  visitAgain(log: number): void {
    this.#grown.add(log);
  }

  /** Returns whether new entries of the tenant are appended to this log. */
  isCurrent({ id, tenant }: AuditLogRecord): boolean {
    return this.#current(tenant) === id;
  }

  /** Returns the oldest entries of a log that exceed its retention, in order. */
  surplus(log: number, { entries, since }: Keep, limit: number): NumberedEntry[] {
    const last = Number(
      this.#sql.get("SELECT MAX(number) AS last FROM audit WHERE log = ?", log)?.["last"] ?? 0,
    );
    const goes = (row: Row | undefined) =>
      row !== undefined && (Number(row["number"]) <= last - entries || Number(row["at"]) < since);
    const oldest = "FROM audit WHERE log = ? ORDER BY number LIMIT ?";
    if (!goes(this.#sql.get(`SELECT number, at ${oldest}`, log, 1))) return [];
    const rows = this.#sql.all(`SELECT * ${oldest}`, log, limit);
    const end = rows.findIndex((row) => !goes(row));
    return rows.slice(0, end === -1 ? rows.length : end).map(toEntry);
  }

  /** Removes a log's entries up to a number. Call it in a transaction. */
  remove(log: number, upTo: number): void {
    this.#sql.run("UPDATE audit_logs SET gone = MAX(gone, ?) WHERE id = ?", upTo, log);
    this.#sql.run("DELETE FROM audit WHERE log = ? AND number <= ?", log, upTo);
  }

  /** Forgets an empty log. */
  forget({ id }: AuditLogRecord): void {
    this.#sql.run(
      "DELETE FROM audit_logs WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM audit WHERE log = ?1)",
      id,
    );
  }

  #ofRelay(since: number, newest: boolean, after: number | undefined, limit: number): NumberedEntry[] {
    const order = newest ? "id < ? ORDER BY id DESC" : "id > ? ORDER BY id";
    const start = after ?? (newest ? Number.MAX_SAFE_INTEGER : 0);
    return this.#sql
      .all(`SELECT * FROM audit WHERE at >= ? AND ${order} LIMIT ?`, since, start, limit)
      .map(toEntry);
  }

  #ofTenant(
    tenant: string,
    since: number,
    newest: boolean,
    after: number | undefined,
    limit: number,
  ): NumberedEntry[] {
    const log = this.#current(tenant);
    if (log === undefined) return [];
    // Finds where to begin, so that older entries are not scanned each time.
    const begin = this.#sql.get(
      "SELECT MIN(number) AS number FROM (SELECT number FROM audit WHERE log = ? AND at >= ? ORDER BY at, number LIMIT 1)",
      log,
      since,
    )?.["number"];
    if (typeof begin !== "number") return [];
    const order = newest ? "number < ? ORDER BY number DESC" : "number > ? ORDER BY number";
    const start = after ?? (newest ? Number.MAX_SAFE_INTEGER : 0);
    return this.#sql
      .all(
        `SELECT * FROM audit WHERE log = ? AND number >= ? AND at >= ? AND ${order} LIMIT ?`,
        log,
        begin,
        since,
        start,
        limit,
      )
      .map(toEntry);
  }

  #current(tenant: string | undefined): number | undefined {
    const sql = "SELECT id FROM audit_logs WHERE tenant IS ? ORDER BY id DESC LIMIT 1";
    const id = this.#sql.get(sql, tenant ?? null)?.["id"];
    return typeof id === "number" ? id : undefined;
  }

  #begin(tenant: string | undefined): number {
    // Without RETURNING, because SQLite reports a full disk only after the row.
    this.#sql.run("INSERT INTO audit_logs (tenant) VALUES (?)", tenant ?? null);
    return Number(this.#current(tenant));
  }
}

function toLog(row: Row): AuditLogRecord {
  return { id: Number(row["id"]), tenant: optionalText(row, "tenant") };
}

function toEntry(row: Row): NumberedEntry {
  return {
    id: Number(row["id"]),
    number: Number(row["number"]),
    at: Number(row["at"]),
    tenant: optionalText(row, "tenant"),
    actor: String(row["actor"]),
    action: String(row["action"]),
    object: String(row["object"]),
    from: optionalText(row, "from_address"),
    request: optionalText(row, "request"),
  };
}
