/** Files and directories that are nobody else's business. */
import { randomBytes } from "node:crypto";
import {
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
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

/** Writes a file for its owner's eyes alone, whole or not at all: whoever reads it meanwhile has the one before. */
export function writePrivate(file: string, content: string | Uint8Array): void {
  withDraft(file, content, (draft) => renameSync(draft, file));
}

/**
 * Writes a file as {@link writePrivate} does, unless there is one already.
 *
 * @returns whether there was none
 */
export function createPrivate(file: string, text: string): boolean {
  try {
    withDraft(file, text, (draft) => linkSync(draft, file));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    return false;
  }
}

/** Has `place` put a file with this content, which is on the disk, where it belongs. */
function withDraft(file: string, content: string | Uint8Array, place: (draft: string) => void): void {
  const draft = `${file}.${randomBytes(6).toString("hex")}.tmp`;
  try {
    const descriptor = openSync(draft, "wx", 0o600);
    try {
      writeFileSync(descriptor, content);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    place(draft);
  } finally {
    rmSync(draft, { force: true });
  }
}
