import type { DatabaseSync, SQLOutputValue } from "node:sqlite";

export type Row = Record<string, SQLOutputValue>;
export type Value = string | number | null;

/** SQL on one open database: what the tables of the store are written in. */
export class Sql {
  readonly #database: DatabaseSync;
  #inTransaction = false;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  all(sql: string, ...values: Value[]): Row[] {
    return this.#database.prepare(sql).all(...values);
  }

  get(sql: string, ...values: Value[]): Row | undefined {
    return this.#database.prepare(sql).get(...values);
  }

  /** @returns how many rows were changed */
  run(sql: string, ...values: Value[]): number {
    return Number(this.#database.prepare(sql).run(...values).changes);
  }

  /** Does `work` wholly or, where it throws, not at all; inside of another transaction it is a part of that. */
  transaction<Result>(work: () => Result): Result {
    if (this.#inTransaction) return work();
    this.#database.exec("BEGIN IMMEDIATE");
    this.#inTransaction = true;
    try {
      const result = work();
      this.#database.exec("COMMIT");
      return result;
    } catch (error) {
      this.#database.exec("ROLLBACK");
      throw error;
    } finally {
      this.#inTransaction = false;
    }
  }
}

/** A column that may be NULL, as a text. */
export function optionalText(row: Row, column: string): string | undefined {
  const value = row[column];
  return value === null || value === undefined ? undefined : String(value);
}

/** A column that may be NULL, as a number. */
export function optionalNumber(row: Row, column: string): number | undefined {
  const value = row[column];
  return value === null || value === undefined ? undefined : Number(value);
}
