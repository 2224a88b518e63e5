/** What Node can't ask of the kernel about a TCP socket. */
import { createRequire } from "node:module";
import type { Socket } from "node:net";

/** From linux/in.h and linux/tcp.h. */
const IPPROTO_TCP = 6;
const TCP_NOTSENT_LOWAT = 25;

type SetSocketOption = (fd: number, level: number, name: number, value: Int32Array, bytes: number) => number;

let setSocketOption: SetSocketOption | undefined;
let looked = false;

/**
 * Has the kernel take no more than about `bytes` from us that it has not sent yet (TCP_NOTSENT_LOWAT, tcp(7)).
 *
 * Without it the kernel takes megabytes in advance, as much as the connection may come to have in flight, and
 * says that they were sent. They are a queue that nobody can reorder, drop from or even see: a ping behind them
 * waits for all of them. With it what waits does so with us. What is in flight is not counted, so the limit
 * costs no throughput as long as we are back with more before `bytes` are gone.
 *
 * @param socket plain or TLS
 * @param bytes a positive number
 * @returns whether it is so: on Linux with FFI, for a connected TCP socket; elsewhere nothing happens
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
 * The descriptor of a socket that is open. Node has no public way to it. A TLS socket's handle answers with that of the
 * socket below.
 */
export function descriptor(socket: Socket): number | undefined {
  const handle: unknown = Reflect.get(socket, "_handle");
  if (typeof handle !== "object" || handle === null) return undefined;
  const fd: unknown = Reflect.get(handle, "fd");
  return typeof fd === "number" && fd >= 0 ? fd : undefined;
}

/** Looked for once, and only when needed: koffi has no build for every system, and can't always be loaded. */
function load(): SetSocketOption | undefined {
  if (looked) return setSocketOption;
  looked = true;
  try {
    const koffi = createRequire(import.meta.url)("koffi") as typeof import("koffi");
    setSocketOption = koffi.load(null).func("setsockopt", "int", ["int", "int", "int", "void *", "uint"]);
  } catch {
    // Nothing but a longer queue comes of it.
  }
  return setSocketOption;
}
