/** GRE directly over IP (protocol 47), by raw sockets of Linux (raw(7)) through FFI. */

import { constants as system } from "node:os";
import { getSystemErrorName } from "node:util";
import { formatAddress, parseAddress } from "../../shared/frame/address.ts";
import { readUint32, readUint128, writeUint32, writeUint128 } from "../../shared/frame/bytes.ts";
import { PROTOCOL_GRE } from "../../shared/frame/encapsulation/gre.ts";
import { Fault } from "../../shared/values/fault.ts";
import { loadPoll, type Watch, type WatchDescriptor } from "../../system/poll.ts";
import { forceReceiveBuffer, setTunnelOptions } from "../../system/socket-options.ts";
import { listenFault } from "./faults.ts";
import type { Membership, Received, Remote, Sent, UnderlaySocket } from "./underlay.ts";

/** From sys/socket.h and fcntl.h of Linux. */
const AF_INET = 2;
const AF_INET6 = 10;
const SOCK_RAW = 3;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1;
const SO_RCVBUF = 8;
const SOCKADDR_IN_BYTES = 16;
const SOCKADDR_IN6_BYTES = 28;

const PACKET_BYTES = 65_535;
const RECEIVE_BYTES = 4 * 1024 * 1024;
/** Maximum number of packets read per wake-up, so that no other work waits for long. */
const BATCH = 64;

const { EAGAIN, EINTR } = system.errno;

interface SocketCalls {
  socket(family: number, type: number, protocol: number): number;
  bind(fd: number, address: Uint8Array, length: number): number;
  connect(fd: number, address: Uint8Array, length: number): number;
  sendto(fd: number, bytes: Uint8Array, length: number, flags: number, to: Uint8Array, size: number): number;
  recvfrom(
    fd: number,
    bytes: Uint8Array,
    size: number,
    flags: number,
    from: Uint8Array,
    length: Int32Array,
  ): number;
  setsockopt(fd: number, level: number, name: number, value: Int32Array, length: number): number;
  getsockopt(fd: number, level: number, name: number, value: Int32Array, length: Int32Array): number;
  close(fd: number): number;
  errno(): number;
  readonly watch: WatchDescriptor;
}

/**
 * Opens a raw socket for GRE.
 *
 * @param host an address of this machine, or the unspecified one
 * @param caught receives errors thrown while packets are read
 * @throws Fault `port.no-permission`, `port.unsupported`, `port.listen`
 */
export async function openRawGre(
  host: string,
  received: Received,
  caught: (error: unknown) => void,
): Promise<UnderlaySocket> {
  const calls = await load();
  const isIpv6 = host.includes(":");
  const fd = calls.socket(isIpv6 ? AF_INET6 : AF_INET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, PROTOCOL_GRE);
  if (fd < 0) throw openFault(getSystemErrorName(-calls.errno()));
  const address = socketAddress(host);
  if (calls.bind(fd, address, address.length) < 0) {
    const code = getSystemErrorName(-calls.errno());
    calls.close(fd);
    throw listenFault(Object.assign(new Error(code), { code }), { host, port: 0 });
  }
  setTunnelOptions(fd, isIpv6);
  if (!forceReceiveBuffer(fd, RECEIVE_BYTES))
    calls.setsockopt(fd, SOL_SOCKET, SO_RCVBUF, Int32Array.of(RECEIVE_BYTES), 4);
  return new RawGre(calls, fd, isIpv6, received, caught);
}

class RawRemote implements Remote {
  readonly address: string;
  readonly port = 0;
  readonly socketAddress: Uint8Array;

  constructor(address: string) {
    this.address = address;
    this.socketAddress = socketAddress(address);
  }
}

class RawGre implements UnderlaySocket {
  readonly overhead: number;
  /** Packets that the kernel does not accept are dropped at once. */
  readonly queued = 0;
  readonly #calls: SocketCalls;
  readonly #fd: number;
  readonly #isIpv6: boolean;
  readonly #received: Received;
  readonly #watch: Watch;
  readonly #packet = new Uint8Array(PACKET_BYTES);
  readonly #buffer = new Uint8Array(PACKET_BYTES);
  readonly #from = new Uint8Array(SOCKADDR_IN6_BYTES);
  readonly #fromLength = new Int32Array(1);
  /** The previous source, which is usually the next one too, so that its text is not made again. */
  #lastSource: number | bigint = -1;
  #lastText = "";
  #closing: Promise<void> | undefined;

  constructor(
    calls: SocketCalls,
    fd: number,
    isIpv6: boolean,
    received: Received,
    caught: (error: unknown) => void,
  ) {
    this.#calls = calls;
    this.#fd = fd;
    this.#isIpv6 = isIpv6;
    this.#received = received;
    this.overhead = isIpv6 ? 40 : 20;
    this.#watch = calls.watch(fd, () => {
      try {
        this.#ready();
      } catch (error) {
        caught(error);
      }
    });
    this.#watch.start();
  }

  remote(address: string): Remote {
    return new RawRemote(address);
  }

  send(to: Remote, header: Uint8Array, payload: Uint8Array, _flow: number, sent: Sent): void {
    const length = header.length + payload.length;
    if (this.#closing !== undefined || length > PACKET_BYTES) return sent(systemError("EMSGSIZE"));
    this.#packet.set(header, 0);
    this.#packet.set(payload, header.length);
    let failed: Error | null;
    try {
      failed = this.#transmit((to as RawRemote).socketAddress, length);
    } catch (error) {
      failed = error instanceof Error ? error : new Error(String(error));
    }
    sent(failed);
  }

  #transmit(to: Uint8Array, length: number): Error | null {
    for (;;) {
      if (this.#calls.sendto(this.#fd, this.#packet, length, 0, to, to.length) >= 0) return null;
      const errno = this.#calls.errno();
      if (errno !== EINTR) return systemError(getSystemErrorName(-errno));
    }
  }

  join(group: string): Promise<Membership> {
    // No kind of port directly over IP has groups.
    return Promise.reject(new Error(`GRE does not join ${group}`));
  }

  async mtuTo(remote: Remote): Promise<number | undefined> {
    const calls = this.#calls;
    const family = this.#isIpv6 ? AF_INET6 : AF_INET;
    const fd = calls.socket(family, SOCK_RAW | SOCK_CLOEXEC, PROTOCOL_GRE);
    if (fd < 0) return undefined;
    try {
      const { socketAddress } = remote as RawRemote;
      if (calls.connect(fd, socketAddress, socketAddress.length) < 0) return undefined;
      const value = new Int32Array(1);
      const [level, name] = this.#isIpv6 ? [41, 24] : [0, 14];
      return calls.getsockopt(fd, level ?? 0, name ?? 0, value, Int32Array.of(4)) === 0
        ? value[0]
        : undefined;
    } finally {
      calls.close(fd);
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#watch.close().then(() => {
      this.#calls.close(this.#fd);
    });
    return this.#closing;
  }

  #ready(): void {
    const buffer = this.#buffer;
    for (let count = 0; count < BATCH && this.#closing === undefined; count++) {
      this.#fromLength[0] = this.#from.length;
      const length = this.#calls.recvfrom(this.#fd, buffer, buffer.length, 0, this.#from, this.#fromLength);
      if (length < 0) {
        const errno = this.#calls.errno();
        if (errno === EINTR) continue;
        if (errno !== EAGAIN) continue;
        return;
      }
      // The kernel includes the IPv4 header; for IPv6 it delivers only the payload.
      const start = this.#isIpv6 ? 0 : ((buffer[0] ?? 0) & 0x0f) * 4;
      if (start <= length) this.#received(buffer, start, length, this.#source());
    }
  }

  #source(): string {
    const source = this.#isIpv6 ? readUint128(this.#from, 8) : readUint32(this.#from, 4);
    if (source !== this.#lastSource) {
      this.#lastSource = source;
      this.#lastText = formatAddress(source);
    }
    return this.#lastText;
  }
}

/** Returns a `sockaddr_in` or `sockaddr_in6` without a port. */
function socketAddress(text: string): Uint8Array {
  const address = parseAddress(text) ?? 0;
  const isIpv4 = typeof address === "number";
  const bytes = new Uint8Array(isIpv4 ? SOCKADDR_IN_BYTES : SOCKADDR_IN6_BYTES);
  // The family is in the machine's byte order.
  new Uint16Array(bytes.buffer, 0, 1)[0] = isIpv4 ? AF_INET : AF_INET6;
  if (typeof address === "number") writeUint32(bytes, 4, address);
  else writeUint128(bytes, 8, address);
  return bytes;
}

function systemError(code: string): Error {
  return Object.assign(new Error(code), { code });
}

function openFault(code: string): Fault {
  if (code === "EPERM" || code === "EACCES") {
    return new Fault({
      code: "port.no-permission",
      message: "GRE directly over IP needs a raw socket, which this relay may not open",
      hint: "Run the relay as root or with CAP_NET_RAW, or use GRE in UDP at both ends: --over udp.",
    });
  }
  return new Fault({
    code: "port.unsupported",
    message: `this system has no raw sockets for GRE (${code})`,
    hint: "Use GRE in UDP at both ends: --over udp.",
  });
}

let loaded: Promise<SocketCalls> | undefined;

function load(): Promise<SocketCalls> {
  loaded ??= loadCalls().catch((error: unknown) => {
    loaded = undefined;
    throw new Fault({
      code: "port.unsupported",
      message: `raw sockets are not available under this runtime: ${error instanceof Error ? error.message : error}`,
      hint: "Run the relay under Node on Linux, or use GRE in UDP at both ends: --over udp.",
      cause: error,
    });
  });
  return loaded;
}

async function loadCalls(): Promise<SocketCalls> {
  if (process.platform !== "linux") throw new Error(`there is no driver for ${process.platform}`);
  const watch = await loadPoll();
  const { default: koffi } = await import("koffi");
  const program = koffi.load(null);
  const pointer = "void *";
  return {
    socket: program.func("socket", "int", ["int", "int", "int"]),
    bind: program.func("bind", "int", ["int", pointer, "uint"]),
    connect: program.func("connect", "int", ["int", pointer, "uint"]),
    sendto: program.func("sendto", "intptr_t", ["int", pointer, "size_t", "int", pointer, "uint"]),
    recvfrom: program.func("recvfrom", "intptr_t", ["int", pointer, "size_t", "int", pointer, pointer]),
    setsockopt: program.func("setsockopt", "int", ["int", "int", "int", pointer, "uint"]),
    getsockopt: program.func("getsockopt", "int", ["int", "int", "int", pointer, pointer]),
    close: program.func("close", "int", ["int"]),
    errno: () => koffi.errno(),
    watch,
  };
}
