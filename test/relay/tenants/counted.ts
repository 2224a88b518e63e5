import { StatementSync } from "node:sqlite";
import { vi } from "vitest";

/** Numbers of database calls. */
export interface Counted {
  /** Statements that return rows. */
  readonly reads: number;
  /** Statements that change rows. */
  readonly writes: number;
  /** Transactions begun. */
  readonly begun: number;
}

/** Counts the calls to databases during `work`, which still reach them. */
export function counted(work: () => void): Counted {
  const all = vi.spyOn(StatementSync.prototype, "all");
  const get = vi.spyOn(StatementSync.prototype, "get");
  const run = vi.spyOn(StatementSync.prototype, "run");
  try {
    work();
    return {
      reads: all.mock.calls.length + get.mock.calls.length,
      writes: run.mock.calls.length,
      begun: run.mock.contexts.filter((one) => one instanceof StatementSync && /^BEGIN/.test(one.sourceSQL))
        .length,
    };
  } finally {
    for (const spy of [all, get, run]) spy.mockRestore();
  }
}
