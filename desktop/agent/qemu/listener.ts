import { once } from "node:events";
import { rmSync, statSync } from "node:fs";
import { createServer, type ListenOptions, type Server, type Socket } from "node:net";
import { Fault, usage } from "../../../shared/fault.ts";
import { StreamDevice } from "./stream-device.ts";

/** Machines at a time: more than one host runs. */
const MACHINES = 64;

/** Where virtual machines connect to. */
export type QemuAddress = { readonly path: string } | { readonly host: string; readonly port: number };

/**
 * Reads `HOST:PORT` or `unix:PATH`.
 *
 * @throws Fault `usage.qemu`
 */
export function parseQemuAddress(text: string): QemuAddress {
  if (text.startsWith("unix:") && text.length > 5) return { path: text.slice(5) };
  const [, host, digits] = /^(\[[^\]]+\]|[^:[\]]+):(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  if (host !== undefined && port <= 65_535) return { host: host.replace(/^\[|\]$/g, ""), port };
  throw usage(
    "usage.qemu",
    `'${text}' is no address that a virtual machine can connect to`,
    "Write 127.0.0.1:PORT or unix:PATH, and give QEMU the same: -netdev stream,addr.type=….",
  );
}

/** Takes virtual machines in: each that connects becomes a device. */
export class QemuListener {
  /** Where it listens: as it was asked for, with the port that it got. */
  readonly at: string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server, at: string) {
    this.#server = server;
    this.at = at;
  }

  /**
   * Listens.
   *
   * @param connected given each machine; whoever gets it starts and closes it
   * @throws Fault `qemu.listen`; the signal's reason
   */
  static async open(
    address: QemuAddress,
    signal: AbortSignal,
    connected: (device: StreamDevice) => void,
  ): Promise<QemuListener> {
    signal.throwIfAborted();
    let count = 0;
    let enter = (socket: Socket): void => {
      socket.destroy();
    };
    const server = createServer({ noDelay: true }, (socket) => enter(socket));
    if ("path" in address) removeStale(address.path);
    const where: ListenOptions = "path" in address ? { path: address.path } : { ...address };
    try {
      server.listen({ ...where, backlog: MACHINES });
      await once(server, "listening", { signal });
    } catch (error) {
      server.close();
      if (signal.aborted) throw signal.reason;
      throw cannotListen(textOf(address), error);
    }
    const bound = server.address();
    const at =
      typeof bound === "object" && bound !== null
        ? textOf({ host: bound.address, port: bound.port })
        : textOf(address);
    const listener = new QemuListener(server, at);
    enter = (socket) => listener.#enter(socket, `qemu${count++}`, connected);
    return listener;
  }

  /** Takes no more machines, and cuts those off that nobody has closed. */
  async close(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #enter(socket: Socket, name: string, connected: (device: StreamDevice) => void): void {
    if (this.#sockets.size >= MACHINES) {
      socket.destroy();
      return;
    }
    this.#sockets.add(socket);
    socket.once("close", () => this.#sockets.delete(socket));
    connected(new StreamDevice(name, socket));
  }
}

/** A socket's file outlives a process that was killed, and would be in its successor's way. */
function removeStale(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isSocket() === true) rmSync(path);
}

function textOf(address: QemuAddress): string {
  if ("path" in address) return `unix:${address.path}`;
  const { host, port } = address;
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

function cannotListen(at: string, cause: unknown): Fault {
  return new Fault({
    code: "qemu.listen",
    message: `can't listen for virtual machines at ${at}: ${cause instanceof Error ? cause.message : cause}`,
    hint: "Name another address or path with --qemu.",
    cause,
  });
}
