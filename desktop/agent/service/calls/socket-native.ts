/** Two calls of the C library that Node lacks: credentials of a unix socket's peer, and file locks. */
import type { Socket } from "node:net";

const SOL_SOCKET = 1;
const SO_PEERCRED = 17;
const SO_PEERGROUPS = 59;
const UCRED_BYTES = 12;
/** Maximum groups of one process that are read: Linux's own limit. */
const MOST_GROUPS = 65_536;

const LOCK_EX = 2;
const LOCK_NB = 4;

/** The peer's user and groups, as the kernel noted them at connect. */
export interface PeerCredentials {
  readonly pid: number;
  readonly uid: number;
  /** Its group and supplementary groups. */
  readonly gids: ReadonlySet<number>;
}

export interface SocketNative {
  /** Undefined if the kernel does not tell. */
  peer(socket: Socket): PeerCredentials | undefined;
  /** Locks an open file until this process ends. @returns false if another process has the lock */
  lock(descriptor: number): boolean;
}

/** @throws Error if this runtime has no FFI, or the system lacks the calls */
export async function loadSocketNative(): Promise<SocketNative> {
  const { default: koffi } = await import("koffi");
  const library = koffi.load(null);
  const getsockopt: (
    fd: number,
    level: number,
    name: number,
    value: Uint8Array,
    length: Uint8Array,
  ) => number = library.func("getsockopt", "int", ["int", "int", "int", "void *", "void *"]);
  const flock: (fd: number, operation: number) => number = library.func("flock", "int", ["int", "int"]);

  /** Returns a socket option; undefined if it is not available. */
  function option(descriptor: number, name: number, bytes: number): Buffer | undefined {
    const value = Buffer.alloc(bytes);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(bytes);
    if (getsockopt(descriptor, SOL_SOCKET, name, value, length) !== 0) return undefined;
    return value.subarray(0, length.readUInt32LE());
  }

  return {
    peer(socket) {
      const descriptor = descriptorOf(socket);
      const ucred = descriptor === undefined ? undefined : option(descriptor, SO_PEERCRED, UCRED_BYTES);
      if (descriptor === undefined || ucred?.length !== UCRED_BYTES) return undefined;
      const groups = option(descriptor, SO_PEERGROUPS, MOST_GROUPS * 4) ?? Buffer.alloc(0);
      const gids = new Set([ucred.readUInt32LE(8)]);
      for (let at = 0; at + 4 <= groups.length; at += 4) gids.add(groups.readUInt32LE(at));
      return { pid: ucred.readUInt32LE(0), uid: ucred.readUInt32LE(4), gids };
    },
    lock: (descriptor) => flock(descriptor, LOCK_EX | LOCK_NB) === 0,
  };
}

/** Returns the descriptor, which Node exposes only on the handle. */
function descriptorOf(socket: Socket): number | undefined {
  const { _handle: handle } = socket as unknown as { readonly _handle?: { readonly fd?: unknown } | null };
  const descriptor = handle?.fd;
  return typeof descriptor === "number" && descriptor >= 0 ? descriptor : undefined;
}
