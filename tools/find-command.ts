import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";

/** Directories of root's tools, which an ordinary user's PATH omits. */
export const SYSTEM_DIRECTORIES: readonly string[] = ["/usr/sbin", "/sbin"];

/** Returns the path of a command on PATH or in root's directories, or undefined. */
export function findCommand(name: string): string | undefined {
  const directories = [...(process.env["PATH"] ?? "").split(delimiter), ...SYSTEM_DIRECTORIES];
  return directories
    .filter((directory) => directory !== "")
    .map((directory) => join(directory, name))
    .find(isExecutable);
}

/** Returns whether `path` is a file that this user may run. */
export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
