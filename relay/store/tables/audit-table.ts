import type { AuditEntry } from "../../model/model.ts";
import type { Part } from "../../model/part.ts";
import { optionalText, type Row, type Sql } from "../sql.ts";

/** The number given last in the log that is parameter 7. */
const LAST = `MAX(
  COALESCE((SELECT MAX(number) FROM audit WHERE log = ?7), 0),
  (SELECT gone FROM audit_logs WHERE id = ?7)
)`;

/** Which entries. */
export interface AuditQuery extends Part<number> {
  /** The whole relay's where it is absent. */
  readonly tenant: string | undefined;
  /** Seconds since 1970. */
  readonly since: number;
  /** Whether the newest come first. */
  readonly newest?: boolean | undefined;
}

export interface NumberedEntry extends AuditEntry {
  /** Place in the order of the whole relay: for the relay's administrator alone, because it tells how busy all are. */
  readonly id: number;
  /** Place in the tenant's own log, from 1. */
  readonly number: number;
}

/** One tenant's log from when the tenant was made; a later tenant of the same name has another. */
export interface AuditLogRecord {
  readonly id: number;
  /** Absent for entries about the relay as a whole. */
  readonly tenant: string | undefined;
}

/** What is kept of one log. */
export interface Keep {
  /** Number of entries. */
  readonly entries: number;
  /** Entries from before this time go, seconds since 1970. */
  readonly since: number;
}

/**
 * The audit log. It can be appended to, and the oldest entries of a log can be removed: the database itself refuses the
 * rest. Each tenant's entries are numbered on their own.
 */
export class AuditTable {
  readonly #sql: Sql;
  readonly #grown = new Set<number>();

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  append({ at, tenant, actor, action, object, from }: AuditEntry): void {
    const log = (action === "tenant.create" ? undefined : this.#current(tenant)) ?? this.#begin(tenant);
    this.#sql.run(
      `INSERT INTO audit (at, tenant, actor, action, object, from_address, log, number)
       VALUES (?, ?, ?, ?, ?, ?, ?7, ${LAST} + 1)`,
      at,
      tenant ?? null,
      actor,
      action,
      object,
      from ?? null,
      log,
    );
    this.#grown.add(log);
  }

  /**
   * Returns entries since a second since 1970. Those of a tenant begin where the tenant was made: they exclude entries of an
   * earlier tenant that had the same name. `after` is the number of the last entry of the part before; for the whole
   * relay it is the id.
   */
  entries({ tenant, since, newest = false, after, limit }: AuditQuery): NumberedEntry[] {
    return tenant === undefined
      ? this.#ofRelay(since, newest, after, limit)
      : this.#ofTenant(tenant, since, newest, after, limit);
  }

  /** The logs behind the one with this id, in order. */
  logs(after: number, limit: number): AuditLogRecord[] {
    return this.#sql
      .all("SELECT * FROM audit_logs WHERE id > ? ORDER BY id LIMIT ?", after, limit)
      .map(toLog);
  }

  /** Some logs that were appended to since they were asked for last. */
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

  /** Has a log be among those that {@link takeGrown} returns. */
  visitAgain(log: number): void {
    this.#grown.add(log);
  }

  /** Whether a log is the one that its tenant's entries are appended to. */
  isCurrent({ id, tenant }: AuditLogRecord): boolean {
    return this.#current(tenant) === id;
  }

  /** The oldest entries of a log that are not to be kept, in order. */
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

  /** Removes a log's entries up to a number; to be done in one transaction. */
  remove(log: number, upTo: number): void {
    this.#sql.run("UPDATE audit_logs SET gone = MAX(gone, ?) WHERE id = ?", upTo, log);
    this.#sql.run("DELETE FROM audit WHERE log = ? AND number <= ?", log, upTo);
  }

  /** Forgets a log that has no entries. */
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
    // Where to begin, so that what is older is not gone through each time.
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
    // Not by RETURNING: where the disk is full, SQLite says so only behind the row.
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
  };
}
