import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { Fault } from "../../../shared/values/fault.ts";
import { listenAt, PathTaken, type SocketFile } from "../../../system/socket-file.ts";
import { formatQemuAddress, type QemuAddress } from "./address.ts";
import { StreamDevice } from "./stream-device.ts";

/** Maximum machines at a time: more than one host runs. */
const MACHINES = 64;

/** Accepts connections of virtual machines and makes each a device. */
export class QemuListener {
  /** The listening address as requested, with the actual port. */
  readonly at: string;
  readonly #server: Server;
  readonly #file: SocketFile;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server, file: SocketFile, at: string) {
    this.#server = server;
    this.#file = file;
    this.at = at;
  }

  /**
   * Starts to listen.
   *
   * @param connected called with each machine; the callee starts and closes it
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
    let file: SocketFile;
    try {
      file = await listen(server, address, signal);
      signal.throwIfAborted();
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
    const listener = new QemuListener(server, file, at);
    enter = (socket) => listener.#enter(socket, `qemu${count++}`, connected);
    return listener;
  }

  /** Stops listening, and closes machines that are still connected. */
  async close(): Promise<void> {
    this.#file.remove();
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

/** Listens; the path of a unix socket is removed with the listener. */
async function listen(server: Server, address: QemuAddress, signal: AbortSignal): Promise<SocketFile> {
  if ("path" in address) return await listenAt(server, { ...address, backlog: MACHINES });
  server.listen({ ...address, backlog: MACHINES });
  await once(server, "listening", { signal });
  return NO_FILE;
}

const NO_FILE: SocketFile = { remove: () => {} };

function cannotListen(at: string, cause: unknown): Fault {
  return new Fault({
    code: "qemu.listen",
    message: `can't listen for virtual machines at ${at}: ${cause instanceof Error ? cause.message : cause}`,
    hint:
      cause instanceof PathTaken && cause.by === "file"
        ? "Move it away if it is not needed, or name another path with --qemu unix:PATH."
        : "Name another address or path with --qemu.",
    cause,
  });
}
