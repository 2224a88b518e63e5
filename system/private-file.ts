/** Files and directories that only their owner may read. */
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

// Windows does not have these flags.
const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;

/**
 * Creates a directory that only its owner may read, and its missing parents. Goes one by one because Node's recursive
 * mkdir never returns below /proc, where a directory exists but cannot be written to.
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
 * Throws if another user's file is in a directory that all users may write to: that user may have created it first.
 * With the sticky bit, as on a mounted tmpfs, other users cannot replace a file, so only its owner matters.
 */
function requirePrivate(path: string): void {
  const found = statSync(path);
  if (!found.isDirectory()) throw new Error(`'${path}' is not a directory`);
  if (process.platform === "win32" || (found.mode & EVERY_USER_WRITES) === 0) return;
  const self = process.geteuid?.();
  const isOwn = (file: string) => lstatSync(file).uid === self;
  const isSafe = (found.mode & STICKY) !== 0 && found.uid === self;
  if (isSafe && readdirSync(path).every((name) => isOwn(join(path, name)))) return;
  throw new Error(`all users can write to '${path}'; to prevent that, run: chmod o-w '${path}'`);
}

const EVERY_USER_WRITES = 0o002;
const STICKY = 0o1000;

/** Returns the line stored in the file. The first call stores the result of `make`, readable only by its owner. */
export function readOrMake(file: string, make: () => string): string {
  if (!existsSync(file)) createPrivate(file, `${make()}\n`);
  // Refuses links and does not block on a FIFO.
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

/** Writes a file that only its owner may read, atomically: a concurrent reader gets the previous content. */
export function writePrivate(file: string, content: string | Uint8Array): void {
  withDraft(file, content, (draft) => renameSync(draft, file));
}

/**
 * Writes a file as {@link writePrivate} does, unless it exists.
 *
 * @returns whether the file was created
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

/** Writes the content to a draft, syncs it to disk, and calls `place` to move it into place. */
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
