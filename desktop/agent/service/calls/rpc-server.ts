import { chmodSync, chownSync, mkdirSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { dirname } from "node:path";
import { Fault } from "../../../../shared/values/fault.ts";
import { listenAt, PathTaken, type SocketFile } from "../../../../system/socket-file.ts";
import type { EventData, EventName, Result, Topic } from "../../../rpc/schema.ts";
import { idOf, SERVICE_NAME, statusSocket } from "../../../rpc/socket-path.ts";
import type { Authority } from "./authority.ts";
import type { Methods } from "./methods.ts";
import { RpcConnection } from "./rpc-connection.ts";
import type { SocketNative } from "./socket-native.ts";

/** Maximum callers: with the right to change things, read-only, and read-only of one user. */
const MOST_CALLERS = 64;
const MOST_READERS = 64;
const MOST_OF_ONE_READER = 16;

export interface RpcServerOptions {
  /** The socket for callers that may change things. Other callers use the one beside it, see {@link statusSocket}. */
  readonly socket: string;
  readonly methods: Methods;
  readonly authority: Pick<Authority, "mayChange">;
  /** Identifies callers. Without it, every user that can open the socket may change things. */
  readonly native: SocketNative | undefined;
  hello(mayChange: boolean): Result<"hello">;
  mistake(method: string, error: unknown): void;
}

/** The agent's two sockets and their callers. */
export class RpcServer {
  readonly #options: RpcServerOptions;
  readonly #servers: Listening[] = [];
  readonly #connections = new Map<RpcConnection, Socket>();
  /** Number of read-only connections for each user ID. */
  readonly #readers = new Map<number | undefined, number>();

  constructor(options: RpcServerOptions) {
    this.#options = options;
  }

  /**
   * Listens on both sockets.
   *
   * @throws Fault `agent.running-already`, `agent.socket`
   */
  async listen(): Promise<void> {
    const { socket } = this.#options;
    const status = statusSocket(socket);
    try {
      // Sets the modes explicitly, because the umask must not keep callers from their socket.
      const made = mkdirSync(dirname(socket), { recursive: true });
      if (made !== undefined) chmodSync(dirname(socket), 0o755);
      this.#servers.push(await listen(socket, 0o660, (caller) => this.#connected(caller, true)));
      this.#servers.push(await listen(status, 0o666, (caller) => this.#connected(caller, false)));
    } catch (error) {
      await this.close();
      throw error instanceof Fault ? error : unusable(socket, error);
    }
  }

  /** Sends an event to every follower of a topic. */
  tell<E extends EventName>(topic: Topic, event: E, data: EventData<E>, mayBeLost = false): void {
    for (const connection of this.#connections.keys()) {
      if (connection.topics.has(topic)) connection.tell(event, data, mayBeLost);
    }
  }

  /** Returns whether a topic has followers. */
  isFollowed(topic: Topic): boolean {
    for (const { topics } of this.#connections.keys()) if (topics.has(topic)) return true;
    return false;
  }

  /** Ends every connection; resolves once the sockets are gone. */
  async close(): Promise<void> {
    const closed = this.#servers.map(({ server, file }) => {
      file.remove();
      return new Promise((resolve) => server.close(resolve));
    });
    for (const socket of this.#connections.values()) socket.destroy();
    await Promise.all(closed);
  }

  #connected(socket: Socket, trusted: boolean): void {
    const { authority, native, methods, hello, mistake } = this.#options;
    const who = native?.peer(socket);
    const mayChange = who === undefined ? trusted && native === undefined : authority.mayChange(who);
    const readers = [...this.#readers.values()].reduce((sum, count) => sum + count, 0);
    const own = this.#readers.get(who?.uid) ?? 0;
    const full = mayChange
      ? this.#connections.size - readers >= MOST_CALLERS
      : readers >= MOST_READERS || own >= MOST_OF_ONE_READER;
    if (full) {
      socket.on("error", () => {});
      socket.destroy();
      return;
    }
    if (!mayChange) this.#readers.set(who?.uid, own + 1);
    const connection = new RpcConnection({ socket, mayChange, methods, hello, mistake });
    this.#connections.set(connection, socket);
    socket.once("close", () => {
      this.#connections.delete(connection);
      if (mayChange) return;
      const left = (this.#readers.get(who?.uid) ?? 1) - 1;
      if (left === 0) this.#readers.delete(who?.uid);
      else this.#readers.set(who?.uid, left);
    });
  }
}

/**
 * Listens on a path, with its mode from the first moment on.
 *
 * @throws Fault `agent.running-already`; the system's error, {@link PathTaken}
 */
async function listen(path: string, mode: number, connected: (socket: Socket) => void): Promise<Listening> {
  const server = createServer(connected);
  let file: SocketFile;
  try {
    // Not accessible to other users until the socket belongs to the group.
    file = await listenAt(server, { path, mode: 0o600 });
  } catch (error) {
    server.close();
    if (error instanceof PathTaken && error.by === "listening") {
      throw runningAlready(`an agent listens at '${path}' already`);
    }
    throw error;
  }
  const group = idOf("/etc/group", SERVICE_NAME);
  if (group !== undefined && process.getuid !== undefined) {
    try {
      chownSync(path, process.getuid(), group);
    } catch {
      // Neither root nor a member of the group: the socket stays this user's own.
    }
  }
  chmodSync(path, mode);
  return { server, file };
}

/** One of the agent's sockets and its path. */
interface Listening {
  readonly server: Server;
  readonly file: SocketFile;
}

export function runningAlready(message: string): Fault {
  return new Fault({
    code: "agent.running-already",
    message,
    hint: "Stop it first, or run this one with a LANEWAY_STATE and a LANEWAY_SOCKET of its own.",
  });
}

function unusable(path: string, cause: unknown): Fault {
  return new Fault({
    code: "agent.socket",
    message: `can't listen at '${path}': ${cause instanceof Error ? cause.message : cause}`,
    hint: "Run the agent as root, or name a path that this user may write, with LANEWAY_SOCKET.",
    cause,
  });
}
