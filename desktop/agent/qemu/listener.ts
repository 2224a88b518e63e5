import { once } from "node:events";
import { rmSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { Fault } from "../../../shared/fault.ts";
import { formatQemuAddress, type QemuAddress } from "./address.ts";
import { StreamDevice } from "./stream-device.ts";

/** Machines at a time: more than one host runs. */
const MACHINES = 64;

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
    try {
      await listen(server, address, signal);
    } catch (error) {
      server.close();
      if (signal.aborted) throw signal.reason;
      throw cannotListen(formatQemuAddress(address), error);
    }
    const bound = server.address();
    const at =
      typeof bound === "object" && bound !== null
        ? formatQemuAddress({ host: bound.address, port: bound.port })
        : formatQemuAddress(address);
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

async function listen(server: Server, address: QemuAddress, signal: AbortSignal): Promise<void> {
  try {
    server.listen({ ...address, backlog: MACHINES });
    await once(server, "listening", { signal });
  } catch (error) {
    const isTaken = (error as NodeJS.ErrnoException).code === "EADDRINUSE";
    if (!isTaken || !("path" in address) || (await isListening(address.path))) throw error;
    // A socket's file outlives a process that was killed, and would be in its successor's way.
    rmSync(address.path, { force: true });
    server.listen({ ...address, backlog: MACHINES });
    await once(server, "listening", { signal });
  }
}

function isListening(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path, () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", ({ code }: NodeJS.ErrnoException) => resolve(code !== "ECONNREFUSED"));
  });
}

function cannotListen(at: string, cause: unknown): Fault {
  return new Fault({
    code: "qemu.listen",
    message: `can't listen for virtual machines at ${at}: ${cause instanceof Error ? cause.message : cause}`,
    hint: "Name another address or path with --qemu.",
    cause,
  });
}
