/** Files and directories that are nobody else's business. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Makes a directory for its owner alone, and those above it that are missing. One by one: Node's own recursion never
 * ends below /proc, where a directory exists and can't be made in.
 */
export function makePrivateDirectory(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") return;
    if (code !== "ENOENT" || dirname(path) === path) throw error;
    makePrivateDirectory(dirname(path));
    mkdirSync(path, { mode: 0o700 });
  }
}

/** Reads a line that was written once; the first call writes what `make` makes, for the owner's eyes alone. */
export function readOrMake(file: string, make: () => string): string {
  try {
    writeFileSync(file, `${make()}\n`, { mode: 0o600, flag: "wx" });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  const line = readFileSync(file, "utf8").trim();
  if (line === "") throw new Error(`${file} is empty`);
  return line;
}
