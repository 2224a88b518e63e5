import type { DatabaseSync, SQLOutputValue, StatementSync } from "node:sqlite";
import type { StoreHealth } from "./store-health.ts";

export type Row = Record<string, SQLOutputValue>;
export type Value = string | number | null;

/** Maximum number of prepared statements kept: more than the tables have. */
const PREPARED = 512;

/**
 * SQL on one open database, for the tables of the store. Throws a Fault `store.full` or `store.failed` if the disk is
 * at fault, and reports it to the store's health.
 */
export class Sql {
  readonly #database: DatabaseSync;
  readonly #health: StoreHealth;
  readonly #prepared = new Map<string, StatementSync>();
  #inTransaction = false;
  /** Whether the transaction has changed any row. */
  #hasChanged = false;
  /** The error for which SQLite ended the transaction early. */
  #broken: unknown;

  constructor(database: DatabaseSync, health: StoreHealth) {
    this.#database = database;
    this.#health = health;
  }

  all(sql: string, ...values: Value[]): Row[] {
    return this.#try(() => this.#statement(sql).all(...values));
  }

  get(sql: string, ...values: Value[]): Row | undefined {
    return this.#try(() => this.#statement(sql).get(...values));
  }

  /** Runs a statement. @returns the number of changed rows */
  run(sql: string, ...values: Value[]): number {
    const { changes } = this.#try(() => this.#statement(sql).run(...values));
    if (Number(changes) > 0) this.#changed();
    return Number(changes);
  }

  /** Does `work` completely or, if it throws, not at all; inside another transaction it becomes part of that. */
  transaction<Result>(work: () => Result): Result {
    if (this.#inTransaction) return work();
    // A transaction whose rollback failed must not block later ones.
    if (this.#database.isTransaction) this.#rollBack();
    this.#do("BEGIN IMMEDIATE");
    this.#inTransaction = true;
    this.#hasChanged = false;
    try {
      const result = work();
      this.#do("COMMIT");
      if (this.#hasChanged) this.#health.succeeded();
      return result;
    } catch (error) {
      this.#rollBack();
      throw error;
    } finally {
      this.#inTransaction = false;
      this.#broken = undefined;
    }
  }

  /**
   * Reports a success only for a change outside a transaction, or at the end of one that changed a row, because only
   * those write.
   */
  #changed(): void {
    if (this.#inTransaction) this.#hasChanged = true;
    else this.#health.succeeded();
  }

  /**
   * Rolls back, ignoring errors. SQLite rolls back by itself if the disk is full or fails
   * (https://www.sqlite.org/lang_transaction.html section 2.3). An error here would hide the one that matters.
   */
  #rollBack(): void {
    if (!this.#database.isTransaction) return;
    try {
      this.#statement("ROLLBACK").run();
    } catch (error) {
      this.#health.failed(error);
    }
  }

  /** Prepared, because under Deno errors of `exec` have no code that says what is wrong. */
  #do(sql: string): void {
    this.#try(() => this.#statement(sql).run());
  }

  #statement(sql: string): StatementSync {
    const known = this.#prepared.get(sql);
    if (known !== undefined) return known;
    if (this.#prepared.size >= PREPARED) this.#prepared.clear();
    const statement = this.#database.prepare(sql);
    this.#prepared.set(sql, statement);
    return statement;
  }

  #try<Result>(work: () => Result): Result {
    // The rest of an ended transaction must not run on its own.
    if (this.#broken !== undefined) throw this.#broken;
    try {
      return work();
    } catch (error) {
      const told = this.#health.failed(error);
      if (this.#inTransaction && !this.#database.isTransaction) this.#broken = told;
      throw told;
    }
  }
}

/** Returns a nullable column as a text. */
export function optionalText(row: Row, column: string): string | undefined {
  const value = row[column];
  return value === null || value === undefined ? undefined : String(value);
}

/** Returns a nullable column as a number. */
export function optionalNumber(row: Row, column: string): number | undefined {
  const value = row[column];
  return value === null || value === undefined ? undefined : Number(value);
}
