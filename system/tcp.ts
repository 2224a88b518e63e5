/** TCP socket options that Node does not offer. */
import { createRequire } from "node:module";
import type { Socket } from "node:net";

/** From linux/in.h and linux/tcp.h. */
const IPPROTO_TCP = 6;
const TCP_NOTSENT_LOWAT = 25;

type SetSocketOption = (fd: number, level: number, name: number, value: Int32Array, bytes: number) => number;

let setSocketOption: SetSocketOption | undefined;
let looked = false;

/**
 * Limits how many unsent bytes the kernel accepts from the process (TCP_NOTSENT_LOWAT, tcp(7)).
 *
 * Without it the kernel accepts megabytes in advance, as much as the connection may ever have in flight, and reports
 * them as sent. They form a queue that the process cannot reorder, drop from or see, so a ping behind them waits for
 * all of them. With the limit they wait in the process instead. Bytes in flight do not count, so throughput stays the
 * same if the process writes again before `bytes` are sent.
 *
 * @param socket plain or TLS
 * @param bytes a positive number
 * @returns whether the limit is set: for a connected TCP socket on Linux with FFI; elsewhere it does nothing
 */
export function limitUnsent(socket: Socket, bytes: number): boolean {
  if (process.platform !== "linux") return false;
  const fd = descriptor(socket);
  const set = fd === undefined ? undefined : load();
  if (fd === undefined || set === undefined) return false;
  const value = Int32Array.of(bytes);
  return set(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, value, value.byteLength) === 0;
}

/**
 * Returns the descriptor of an open socket. Node has no public API for it. The handle of a TLS socket returns that of
 * the socket below it.
 */
export function descriptor(socket: Socket): number | undefined {
  const handle: unknown = Reflect.get(socket, "_handle");
  if (typeof handle !== "object" || handle === null) return undefined;
  const fd: unknown = Reflect.get(handle, "fd");
  return typeof fd === "number" && fd >= 0 ? fd : undefined;
}

/** Loads koffi once, when first needed; it has no build for every system and cannot always be loaded. */
function load(): SetSocketOption | undefined {
  if (looked) return setSocketOption;
  looked = true;
  try {
    const koffi = createRequire(import.meta.url)("koffi") as typeof import("koffi");
    setSocketOption = koffi.load(null).func("setsockopt", "int", ["int", "int", "int", "void *", "uint"]);
  } catch {
    // The only consequence is a longer queue.
  }
  return setSocketOption;
}
