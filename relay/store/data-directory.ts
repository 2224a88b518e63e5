import { join } from "node:path";
import { Fault } from "../../shared/values/fault.ts";
import { makePrivateDirectory, readOrMake } from "../../system/private-file.ts";
import { newSecret } from "../crypto/secret.ts";

/** The directory with all persistent state of a relay. */
export interface DataDirectory {
  readonly database: string;
  readonly adminTokenFile: string;
  readonly adminToken: string;
}

/**
 * Opens the data directory, or creates it: readable by its owner alone, with a new administrator's token.
 *
 * @throws Fault if it cannot be created or written
 */
export function openDataDirectory(path: string): DataDirectory {
  const adminTokenFile = join(path, "admin.token");
  try {
    makePrivateDirectory(path);
    const adminToken = readOrMake(adminTokenFile, newSecret);
    return { database: join(path, "laneway.db"), adminTokenFile, adminToken };
  } catch (error) {
    throw new Fault({
      code: "data.unwritable",
      message: `the data directory '${path}' can't be used: ${error instanceof Error ? error.message : error}`,
      hint: "Name one that this user can write to, with --data DIR.",
      cause: error,
    });
  }
}
