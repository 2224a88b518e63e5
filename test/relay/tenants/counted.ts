import { StatementSync } from "node:sqlite";
import { vi } from "vitest";

/** How often databases were asked. */
export interface Counted {
  /** Statements that were run for their rows. */
  readonly reads: number;
  /** Statements that were run for what they change. */
  readonly writes: number;
  /** Transactions that were begun. */
  readonly begun: number;
}

/** Counts what databases are asked while `work` is done. They are asked all the same. */
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
