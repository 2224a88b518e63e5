/** Files and directories that are nobody else's business. */
import { randomBytes } from "node:crypto";
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  fsyncSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";

// Windows has no such flags.
const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;

/**
 * Makes a directory for its owner alone, and those above it that are missing. One by one: Node's own recursion never
 * ends below /proc, where a directory exists and can't be made in.
 */
export function makePrivateDirectory(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") return requirePrivate(path);
    if (code !== "ENOENT" || dirname(path) === path) throw error;
    makePrivateDirectory(dirname(path));
    mkdirSync(path, { mode: 0o700 });
  }
}

/**
 * In a directory that every user may write, another user may have put a file there first, or replace one. With the sticky
 * bit, as a mounted tmpfs has it, other users can't replace a file, so no other user's file may be in it.
 */
function requirePrivate(path: string): void {
  const found = statSync(path);
  if (!found.isDirectory()) throw new Error(`'${path}' is not a directory`);
  if (process.platform === "win32" || (found.mode & EVERY_USER_WRITES) === 0) return;
  const self = process.geteuid?.();
  const isOwn = (file: string) => lstatSync(file).uid === self;
  const isSafe = (found.mode & STICKY) !== 0 && found.uid === self;
  if (isSafe && readdirSync(path).every((name) => isOwn(join(path, name)))) return;
  throw new Error(`every user may write in '${path}'; take that away with: chmod o-w '${path}'`);
}

const EVERY_USER_WRITES = 0o002;
const STICKY = 0o1000;

/** Reads a line that was written once; the first call writes what `make` makes, for the owner's eyes alone. */
export function readOrMake(file: string, make: () => string): string {
  if (!existsSync(file)) createPrivate(file, `${make()}\n`);
  // Nothing that could be somebody else's, or be waited for.
  const descriptor = openSync(file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    if (!fstatSync(descriptor).isFile()) throw new Error(`${file} is not a file`);
    const line = readFileSync(descriptor, "utf8").trim();
    if (line === "") throw new Error(`${file} is empty`);
    return line;
  } finally {
    closeSync(descriptor);
  }
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
