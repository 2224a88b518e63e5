import { Fault } from "../../shared/values/fault.ts";

/**
 * Primary result codes of SQLite (https://www.sqlite.org/rescode.html), which are the low byte of the extended ones.
 */
const FULL = 13;

/** Codes that blame the database's place, not the statement. */
const FAILURES: ReadonlySet<number> = new Set([
  3, // PERM
  5, // BUSY
  6, // LOCKED
  7, // NOMEM
  8, // READONLY
  10, // IOERR
  11, // CORRUPT
  14, // CANTOPEN
  15, // PROTOCOL
  22, // NOLFS
  23, // AUTH
  26, // NOTADB
]);

/**
 * Returns the fault `store.full` or `store.failed` if the database's disk is full or fails. Returns undefined for every
 * other error, such as a violated constraint.
 */
export function storeFault(error: unknown): Fault | undefined {
  const { errcode, errstr, code } = (error ?? {}) as { errcode?: unknown; errstr?: unknown; code?: unknown };
  if (code === "ENOSPC" || code === "EDQUOT") return full(error);
  if (typeof errcode !== "number") return undefined;
  const primary = errcode & 0xff;
  if (primary === FULL) return full(error);
  if (!FAILURES.has(primary)) return undefined;
  return new Fault({
    code: "store.failed",
    message: `the relay's database fails: ${errstr}`,
    hint: "Check the disk with the relay's data (--data). The relay continues by itself once the disk works.",
    cause: error,
  });
}

function full(cause: unknown): Fault {
  return new Fault({
    code: "store.full",
    message: "no space left for the database of the relay",
    hint: "Free space on the disk with the relay's data (--data). The relay continues by itself.",
    cause,
  });
}
