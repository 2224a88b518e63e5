/** UDP socket options that Node does not offer. */
import type { Socket } from "node:dgram";
import { createRequire } from "node:module";

/** From linux/in.h, in6.h, udp.h and asm-generic/socket.h. */
const SOL_SOCKET = 1;
const SO_NO_CHECK = 11;
const SO_RCVBUFFORCE = 33;
const IPPROTO_IP = 0;
const IP_MTU_DISCOVER = 10;
const IP_MTU = 14;
const IP_MULTICAST_ALL = 49;
const IPPROTO_UDP = 17;
const UDP_NO_CHECK6_RX = 102;
const IPPROTO_IPV6 = 41;
const IPV6_MTU_DISCOVER = 23;
const IPV6_MTU = 24;
const IPV6_MULTICAST_ALL = 29;
const PMTUDISC_DO = 2;

type SetOption = (fd: number, level: number, name: number, value: Int32Array, bytes: number) => number;
type GetOption = (fd: number, level: number, name: number, value: Int32Array, bytes: Int32Array) => number;

/** setsockopt(2) and getsockopt(2) by descriptor. */
export interface SocketOptions {
  /** @returns whether it was set */
  set(fd: number, level: number, name: number, value: number): boolean;
  /** @returns undefined if the option cannot be read */
  get(fd: number, level: number, name: number): number | undefined;
}

let options: SocketOptions | undefined;
let looked = false;

/** Returns the functions, or undefined where koffi has no build or cannot be loaded. Looks for them once. */
export function socketOptions(): SocketOptions | undefined {
  if (looked) return options;
  looked = true;
  if (process.platform !== "linux") return undefined;
  try {
    const koffi = createRequire(import.meta.url)("koffi") as typeof import("koffi");
    const program = koffi.load(null);
    const set: SetOption = program.func("setsockopt", "int", ["int", "int", "int", "void *", "uint"]);
    const get: GetOption = program.func("getsockopt", "int", ["int", "int", "int", "void *", "void *"]);
    options = {
      set: (fd, level, name, value) => set(fd, level, name, Int32Array.of(value), 4) === 0,
      get: (fd, level, name) => {
        const value = new Int32Array(1);
        return get(fd, level, name, value, Int32Array.of(4)) === 0 ? value[0] : undefined;
      },
    };
  } catch {
    // The kernel's defaults apply.
  }
  return options;
}

/**
 * Makes a tunnel's socket send whole packets or none (DF, and no fragments of our own: RFC 7348 section 4.3), and
 * receive only groups that it joined itself.
 *
 * @returns whether the options are set; does nothing except on Linux with FFI
 */
export function setTunnelOptions(fd: number, isIpv6: boolean): boolean {
  const found = socketOptions();
  if (found === undefined) return false;
  if (isIpv6) {
    found.set(fd, IPPROTO_IPV6, IPV6_MULTICAST_ALL, 0);
    return found.set(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, PMTUDISC_DO);
  }
  found.set(fd, IPPROTO_IP, IP_MULTICAST_ALL, 0);
  return found.set(fd, IPPROTO_IP, IP_MTU_DISCOVER, PMTUDISC_DO);
}

/** Makes a UDP socket send no checksum over IPv4, and accept none over IPv6, which needs an option (RFC 6935). */
export function setNoChecksum(fd: number, isIpv6: boolean): boolean {
  const found = socketOptions();
  if (found === undefined) return false;
  return isIpv6 ? found.set(fd, IPPROTO_UDP, UDP_NO_CHECK6_RX, 1) : found.set(fd, SOL_SOCKET, SO_NO_CHECK, 1);
}

/**
 * Sets the kernel's receive buffer, even above the limit for all processes (net.core.rmem_max).
 *
 * @returns whether it is set, which requires CAP_NET_ADMIN
 */
export function forceReceiveBuffer(fd: number, bytes: number): boolean {
  return socketOptions()?.set(fd, SOL_SOCKET, SO_RCVBUFFORCE, bytes) ?? false;
}

/** Returns the path MTU of a connected socket in bytes, or undefined if it cannot be read. */
export function pathMtu(fd: number, isIpv6: boolean): number | undefined {
  return isIpv6
    ? socketOptions()?.get(fd, IPPROTO_IPV6, IPV6_MTU)
    : socketOptions()?.get(fd, IPPROTO_IP, IP_MTU);
}

/** Returns the descriptor of a bound UDP socket. Node has no public API for it. */
export function datagramDescriptor(socket: Socket): number | undefined {
  const symbol = Object.getOwnPropertySymbols(socket).find((one) => one.description === "state symbol");
  if (symbol === undefined) return undefined;
  const state: unknown = Reflect.get(socket, symbol);
  const handle: unknown =
    typeof state === "object" && state !== null ? Reflect.get(state, "handle") : undefined;
  const fd: unknown = typeof handle === "object" && handle !== null ? Reflect.get(handle, "fd") : undefined;
  return typeof fd === "number" && fd >= 0 ? fd : undefined;
}
