import { existsSync, rmSync, statSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { Fault } from "../../shared/values/fault.ts";

/**
 * Checks that a database can be used, without changing a byte of it or of its journal. Opening it for writing would
 * merge the journal into the database, at the latest when it is closed.
 *
 * @param known the newest known schema
 * @throws Fault `store.newer`
 * @throws Error if it is locked, damaged, or not a database
 */
export function inspect(file: string, known: number): void {
  // Nothing to check: it is about to be created.
  if (!existsSync(file) || statSync(file).size === 0) return;
  const index = `${file}-shm`;
  const isOwnIndex = !existsSync(index);
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    database.exec("PRAGMA busy_timeout = 1000");
    const version = Number(database.prepare("PRAGMA user_version").get()?.["user_version"]);
    if (version > known) throw newer(file, version, known);
    const found = database.prepare("PRAGMA quick_check(1)").get()?.["quick_check"];
    if (found !== "ok") throw new Error(`it is damaged: ${found}`);
  } finally {
    database.close();
    // An index of the journal for readers. The relay, which is the only user, has it in memory.
    if (isOwnIndex) rmSync(index, { force: true });
  }
}

function newer(file: string, version: number, known: number): Fault {
  return new Fault({
    code: "store.newer",
    message: `the database '${file}' has schema ${version}, and this Laneway knows ${known}`,
    hint: "The database is unchanged. Run the newer Laneway that wrote it.",
  });
}
