/** Unix sockets at a path, created without replacing any other file there. */
import { randomBytes } from "node:crypto";
import { chmodSync, linkSync, lstatSync, type Stats, unlinkSync } from "node:fs";
import { connect, type Server } from "node:net";
import { dirname, join } from "node:path";

/** Something else occupies the path of a socket. */
export class PathTaken extends Error {
  /** `listening` if another process answers there. */
  readonly by: "listening" | "file";

  constructor(by: "listening" | "file", message: string) {
    super(message);
    this.by = by;
  }
}

/** A server that listens at a path. */
export interface SocketFile {
  /** Removes the path if it still belongs to this server. Call it before closing the server. */
  remove(): void;
}

export interface ListenOptions {
  readonly path: string;
  /** Permission bits from the start; without it the process's umask decides. */
  readonly mode?: number;
  /** Maximum number of connections that the kernel keeps until they are accepted. */
  readonly backlog?: number;
}

/**
 * Listens at a path. Replaces a socket that has no listener; throws for anything else there.
 *
 * Binds the server to a temporary name beside the path, then links it there. Linking never replaces a file. On closing,
 * Node removes only the bound name, not a file that took the path later.
 *
 * @throws {@link PathTaken}; the system's error
 */
export async function listenAt(server: Server, { path, mode, backlog }: ListenOptions): Promise<SocketFile> {
  await clear(path);
  const bound = boundName(path);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("listening", resolve);
  server.once("error", reject);
  // Closed to other users until its mode is set.
  const before = mode === undefined ? undefined : process.umask(0o177);
  try {
    server.listen({ path: bound, ...(backlog !== undefined && { backlog }) });
  } finally {
    if (before !== undefined) process.umask(before);
  }
  try {
    await promise;
    if (mode !== undefined) chmodSync(bound, mode);
    linkSync(bound, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    throw new PathTaken("file", `another file has just appeared at '${path}'`);
  } finally {
    server.removeListener("error", reject);
    removeIfThere(bound);
  }
  const own = lstatSync(path);
  return {
    remove: () => {
      const now = lookAt(path);
      if (now !== undefined && isSame(now, own)) removeIfThere(path);
    },
  };
}

/**
 * Removes a socket that has no listener.
 *
 * @throws {@link PathTaken} if anything else is there
 */
async function clear(path: string): Promise<void> {
  const found = lookAt(path);
  if (found === undefined) return;
  if (!found.isSocket()) throw new PathTaken("file", `${kindOf(found)} is at '${path}', not a socket`);
  const answer = await answerOf(path);
  if (answer === undefined) throw new PathTaken("listening", `another process listens at '${path}'`);
  // ENOENT: it is already gone.
  if (answer === "ENOENT") return;
  if (answer !== "ECONNREFUSED")
    throw new PathTaken("listening", `a socket at '${path}' can't be reached (${answer})`);
  const now = lookAt(path);
  if (now !== undefined && isSame(now, found)) removeIfThere(path);
}

/**
 * Connects to the path.
 *
 * @returns the system's code if no process answered; undefined if one did
 */
function answerOf(path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect(path, () => {
      socket.destroy();
      resolve(undefined);
    });
    socket.on("error", ({ code = "" }: NodeJS.ErrnoException) => resolve(code));
  });
}

/** Maximum length of a socket's path in bytes: sun_path less its terminator (unix(7)). */
const LONGEST = 107;

/** Returns a temporary name in the same directory, because hard links do not cross file systems. */
function boundName(path: string): string {
  const name = join(dirname(path), `.${randomBytes(6).toString("hex")}`);
  if (Buffer.byteLength(name) <= LONGEST && Buffer.byteLength(path) <= LONGEST) return name;
  throw Object.assign(new Error(`a socket's path has at most ${LONGEST} bytes`), { code: "ENAMETOOLONG" });
}

function lookAt(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false });
}

/** Compares inodes. A socket keeps its inode while it is open, so the number is not reused meanwhile. */
function isSame(one: Stats, other: Stats): boolean {
  return one.isSocket() && other.isSocket() && one.ino === other.ino && one.dev === other.dev;
}

function removeIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}

function kindOf(found: Stats): string {
  if (found.isSymbolicLink()) return "a symbolic link";
  if (found.isDirectory()) return "a directory";
  if (found.isFIFO()) return "a named pipe";
  return found.isFile() ? "a file" : "a device";
}
