/** Backup of a relay's state as one file: taken while the relay runs, restored while it does not. */
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
 * Returns a whole copy of the store as of now. It contains hashes of secrets only, and not the administrator's token.
 *
 * @throws Fault `store.full`, `store.failed`
 * @param directory a directory with room for a temporary copy: the data directory
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
 * Replaces the database of a data directory by a backup; keeps the old one beside it.
 *
 * @returns the path of the old one; undefined if there was none
 * @throws Fault if the backup cannot be used, or a relay uses the directory: then nothing has changed
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
  // Beside the database, so that one rename replaces it.
  const incoming = `${database}.restore-${process.pid}`;
  try {
    copyThrough(file, incoming);
    // Checks that it is a whole database of a known schema, and migrates an older one.
    SqliteStore.open(incoming, { mustExist: true }).close();
    const kept = existsSync(database) ? keep(database) : undefined;
    renameSync(incoming, database);
    return kept;
  } finally {
    for (const rest of ["", "-wal", "-shm"]) rmSync(`${incoming}${rest}`, { force: true });
  }
}

/** Copies the database, and a journal left beside it, out of the way. */
function keep(database: string): string {
  demandUnused(database);
  const kept = join(dirname(database), `laneway-before-restore-${Date.now()}.db`);
  copyThrough(database, kept);
  for (const rest of ["-wal", "-shm"]) {
    // The journal belongs to the database beside it; with another it would corrupt that.
    if (existsSync(`${database}${rest}`)) renameSync(`${database}${rest}`, `${kept}${rest}`);
  }
  return kept;
}

/** Copies a file through to the disk, readable only by its owner. */
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

/**
 * Throws if a relay uses the database. Opening it takes the lock that a relay holds, and merges what is left in the
 * journal.
 */
function demandUnused(database: string): void {
  try {
    SqliteStore.open(database).close();
  } catch (error) {
    // A damaged database is what a backup is for.
    if (error instanceof Fault && error.code === "store.in-use") throw error;
  }
}
