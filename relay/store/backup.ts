/** A relay's state as one file: taken from a relay that runs, put back where none does. */
import {
  chmodSync,
  closeSync,
  copyFileSync,
  existsSync,
  fsyncSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { Fault } from "../../shared/values/fault.ts";
import { openDataDirectory } from "./data-directory.ts";
import { SqliteStore } from "./sqlite-store.ts";
import type { Store } from "./store.ts";
import { storeFault } from "./store-fault.ts";

/**
 * A whole copy of the store, as of now. It has no secret in it, only their hashes; the administrator's token is no part
 * of it.
 *
 * @throws Fault `store.full`, `store.failed`
 * @param directory where there is room for the copy, for a moment: the data directory
 */
export function backUp(store: Store, directory: string): Uint8Array<ArrayBuffer> {
  let temporary = "";
  try {
    temporary = mkdtempSync(join(directory, "backup-"));
    const file = join(temporary, "laneway.db");
    store.copyTo(file);
    return Uint8Array.from(readFileSync(file));
  } catch (error) {
    throw storeFault(error) ?? error;
  } finally {
    if (temporary !== "") rmSync(temporary, { recursive: true, force: true });
  }
}

/**
 * Puts a backup in the place of what a data directory has; that is kept beside it.
 *
 * @returns where what was there before is now; undefined where there was nothing
 * @throws Fault where the backup can't be used, or a relay uses the directory: then nothing was changed
 */
export function restore(file: string, data: string): string | undefined {
  if (!existsSync(file)) {
    throw new Fault({
      code: "restore.unreadable",
      message: `there is no file '${file}'`,
      hint: "Name a file that 'laneway backup' wrote.",
    });
  }
  const { database } = openDataDirectory(data);
  // Beside the database, so that it takes its place in one step.
  const incoming = `${database}.restore-${process.pid}`;
  try {
    copyThrough(file, incoming);
    // Finds out whether it is a whole database, and of which schema; an older one is brought up to date.
    SqliteStore.open(incoming, { mustExist: true }).close();
    const kept = existsSync(database) ? keep(database) : undefined;
    renameSync(incoming, database);
    return kept;
  } finally {
    for (const rest of ["", "-wal", "-shm"]) rmSync(`${incoming}${rest}`, { force: true });
  }
}

/** Copies the database, and its journal where one was left, out of the way. */
function keep(database: string): string {
  demandUnused(database);
  const kept = join(dirname(database), `laneway-before-restore-${Date.now()}.db`);
  copyThrough(database, kept);
  for (const rest of ["-wal", "-shm"]) {
    // It belongs to the database that it lay beside: with another it would do harm.
    if (existsSync(`${database}${rest}`)) renameSync(`${database}${rest}`, `${kept}${rest}`);
  }
  return kept;
}

/** Copies a file for its owner's eyes alone, through to the disk. */
function copyThrough(from: string, to: string): void {
  copyFileSync(from, to);
  chmodSync(to, 0o600);
  const file = openSync(to, "r+");
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Opening it takes the lock that a relay holds, and writes what is left in its journal into it. */
function demandUnused(database: string): void {
  try {
    SqliteStore.open(database).close();
  } catch (error) {
    // What can't be used is what a backup is for.
    if (error instanceof Fault && error.code === "store.in-use") throw error;
  }
}
