/** Unix sockets at a path, without taking anything else away that may be there. */
import { randomBytes } from "node:crypto";
import { chmodSync, linkSync, lstatSync, type Stats, unlinkSync } from "node:fs";
import { connect, type Server } from "node:net";
import { dirname, join } from "node:path";

/** What is in the way of a socket. */
export class PathTaken extends Error {
  /** `listening` where another process answers there. */
  readonly by: "listening" | "file";

  constructor(by: "listening" | "file", message: string) {
    super(message);
    this.by = by;
  }
}

/** A server that listens at a path. */
export interface SocketFile {
  /** Takes the path away, if it is still this server's: to be called before the server is closed. */
  remove(): void;
}

export interface ListenOptions {
  readonly path: string;
  /** Permission bits from the first moment on; by the process's umask without. */
  readonly mode?: number;
  /** Connections that the kernel holds until they are taken. */
  readonly backlog?: number;
}

/**
 * Listens at a path. A socket without a listener is replaced; anything else stays, and is in the way.
 *
 * The server is bound to a name of its own beside the path and then linked there: linking never replaces what is there,
 * and Node, which removes what it was bound to on closing, doesn't remove what came to the path since.
 *
 * @throws {@link PathTaken}; the system's error
 */
export async function listenAt(server: Server, { path, mode, backlog }: ListenOptions): Promise<SocketFile> {
  await clear(path);
  const bound = boundName(path);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("listening", resolve);
  server.once("error", reject);
  // Closed to other users until it has its mode.
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
    throw new PathTaken("file", `something else came to '${path}' just now`);
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
 * Removes a socket without a listener.
 *
 * @throws {@link PathTaken} where there is something else
 */
async function clear(path: string): Promise<void> {
  const found = lookAt(path);
  if (found === undefined) return;
  if (!found.isSocket()) throw new PathTaken("file", `${kindOf(found)} is at '${path}', and no socket`);
  const answer = await answerOf(path);
  if (answer === undefined) throw new PathTaken("listening", `another process listens at '${path}'`);
  // ENOENT: it has gone by itself.
  if (answer === "ENOENT") return;
  if (answer !== "ECONNREFUSED")
    throw new PathTaken("listening", `a socket at '${path}' can't be reached (${answer})`);
  const now = lookAt(path);
  if (now !== undefined && isSame(now, found)) removeIfThere(path);
}

/** @returns the system's code if no process answered; undefined if one did */
function answerOf(path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect(path, () => {
      socket.destroy();
      resolve(undefined);
    });
    socket.on("error", ({ code = "" }: NodeJS.ErrnoException) => resolve(code));
  });
}

/** Bytes of a path that a socket may have: sun_path less its end (unix(7)). */
const LONGEST = 107;

/** A name in the same directory, as links don't go further. */
function boundName(path: string): string {
  const name = join(dirname(path), `.${randomBytes(6).toString("hex")}`);
  if (Buffer.byteLength(name) <= LONGEST && Buffer.byteLength(path) <= LONGEST) return name;
  throw Object.assign(new Error(`a socket's path has ${LONGEST} bytes at most`), { code: "ENAMETOOLONG" });
}

function lookAt(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false });
}

/** A socket keeps its inode for as long as it is open, so that the number is not another one's meanwhile. */
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
