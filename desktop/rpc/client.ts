/** The caller's side, for the command line and the desktop app: uses only Node's own modules and the schema. */
import { createConnection, type Socket } from "node:net";
import { Fault } from "../../shared/values/fault.ts";
import { LineReader } from "./line-reader.ts";
import { ANSWER_BYTES, fromRpcError, incoming } from "./message.ts";
import {
  type EventData,
  type EventName,
  type Method,
  methods,
  notifications,
  type Params,
  type Result,
  RPC_VERSION,
} from "./schema.ts";
import { agentUnreachable, checkOwner, statusSocket } from "./socket-path.ts";

/** Maximum time for the agent's answer, in milliseconds: it may have to ask a relay. */
const ANSWER_MS = 60_000;

export interface RpcClientOptions {
  /** The agent's socket; see {@link defaultSocket}. Without access to it, the read-only one is tried. */
  readonly socket: string;
  /** The caller's name, like `laneway-cli/0.1.0`. */
  readonly client: string;
  readonly signal?: AbortSignal;
}

interface Waiting {
  readonly method: Method;
  readonly answered: (result: unknown) => void;
  readonly failed: (error: unknown) => void;
}

type Listener = (data: unknown) => void;

/** A connection to the agent. */
export class RpcClient {
  /** Resolves, never rejects, when the connection is gone. */
  readonly closed: Promise<void>;
  readonly #socket: Socket;
  readonly #waiting = new Map<number, Waiting>();
  readonly #listeners = new Map<EventName, Set<Listener>>();
  #hello: Result<"hello"> | undefined;
  #lastId = 0;
  #gone = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    const reader = new LineReader(
      ANSWER_BYTES,
      (line) => this.#read(line),
      () => socket.destroy(),
    );
    socket.on("data", (chunk: Uint8Array) => reader.push(chunk));
    // Pending calls get the error.
    socket.on("error", () => {});
    this.closed = new Promise((resolve) => {
      socket.once("close", () => {
        this.#end();
        resolve();
      });
    });
  }

  /**
   * Connects and says hello.
   *
   * @throws Fault `agent.not-running`, `agent.not-reachable`, `agent.untrusted-socket`, `agent.version`; the signal's
   * reason when aborted
   */
  static async connect({ socket, client, signal }: RpcClientOptions): Promise<RpcClient> {
    const connection = new RpcClient(await open(socket, signal));
    const abort = () => connection.close();
    signal?.addEventListener("abort", abort);
    try {
      connection.#hello = await connection.call("hello", { version: RPC_VERSION, client });
      return connection;
    } catch (error) {
      connection.close();
      signal?.throwIfAborted();
      throw error;
    } finally {
      signal?.removeEventListener("abort", abort);
    }
  }

  /** The agent's answer to `hello`. */
  get hello(): Result<"hello"> {
    if (this.#hello === undefined) throw new Error("there was no hello yet");
    return this.#hello;
  }

  /**
   * Calls a method of the agent.
   *
   * @throws Fault the agent's own, `agent.gone`; the signal's reason when aborted, which does not reach the agent
   */
  async call<M extends Method>(method: M, params: Params<M>, signal?: AbortSignal): Promise<Result<M>> {
    signal?.throwIfAborted();
    if (this.#gone) throw gone();
    this.#lastId++;
    const id = this.#lastId;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#waiting.set(id, { method, answered: resolve, failed: reject });
    const abort = () => reject(signal?.reason);
    signal?.addEventListener("abort", abort);
    const late = setTimeout(() => reject(gone("did not answer in time")), ANSWER_MS);
    try {
      this.#socket.write(`${JSON.stringify({ jsonrpc: "2.0", id, method, params })}\n`);
      return (await promise) as Result<M>;
    } finally {
      clearTimeout(late);
      signal?.removeEventListener("abort", abort);
      this.#waiting.delete(id);
    }
  }

  /** Adds a listener until the returned function is called. */
  on<E extends EventName>(event: E, listener: (data: EventData<E>) => void): () => void {
    const listeners = this.#listeners.get(event) ?? new Set<Listener>();
    this.#listeners.set(event, listeners);
    // Data is validated by the event's schema before it is passed on.
    const heard: Listener = (data) => listener(data as EventData<E>);
    listeners.add(heard);
    return () => listeners.delete(heard);
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(line: string): void {
    let message: unknown;
    try {
      message = JSON.parse(line);
    } catch {
      return this.close();
    }
    const parsed = incoming.safeParse(message);
    if (!parsed.success) return this.close();
    const said = parsed.data;
    if ("method" in said) this.#notified(said.method, said.params);
    else if ("result" in said) this.#answered(said.id, said.result);
    else if (said.error !== undefined && said.id !== null) {
      this.#waiting.get(said.id)?.failed(fromRpcError(said.error));
    }
  }

  #answered(id: number, result: unknown): void {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return;
    const parsed = methods[waiting.method].result.safeParse(result);
    if (parsed.success) waiting.answered(parsed.data);
    else waiting.failed(unlike(waiting.method));
  }

  #notified(name: string, params: unknown): void {
    if (!Object.hasOwn(notifications, name)) return;
    const event = name as EventName;
    const listeners = this.#listeners.get(event);
    if (listeners === undefined || listeners.size === 0) return;
    const parsed = notifications[event].safeParse(params);
    if (!parsed.success) return;
    for (const listener of [...listeners]) listener(parsed.data);
  }

  #end(): void {
    this.#gone = true;
    for (const { failed } of this.#waiting.values()) failed(gone());
    this.#waiting.clear();
  }
}

async function open(socket: string, signal: AbortSignal | undefined): Promise<Socket> {
  try {
    return await openOne(socket, signal);
  } catch (error) {
    // The read-only socket is for callers without access to the other.
    if (!(error instanceof Fault) || error.code !== "agent.not-reachable") throw error;
    return await openOne(statusSocket(socket), signal).catch(() => {
      throw error;
    });
  }
}

function openOne(path: string, signal: AbortSignal | undefined): Promise<Socket> {
  signal?.throwIfAborted();
  checkOwner(path);
  return new Promise((resolve, reject) => {
    const socket = createConnection({ path });
    const abort = () => socket.destroy(signal?.reason);
    const settle = (done: () => void) => {
      signal?.removeEventListener("abort", abort);
      done();
    };
    signal?.addEventListener("abort", abort);
    socket.once("connect", () =>
      settle(() => {
        socket.removeAllListeners("error");
        resolve(socket);
      }),
    );
    socket.once("error", (error) =>
      settle(() => reject(signal?.aborted === true ? signal.reason : agentUnreachable(path, error))),
    );
  });
}

function gone(what = "is gone"): Fault {
  return new Fault({
    code: "agent.gone",
    message: `the agent ${what}`,
    hint: "It was stopped or is restarting; try again, and see 'laneway service status'.",
  });
}

function unlike(method: Method): Fault {
  return new Fault({
    code: "agent.version",
    message: `the agent's answer to '${method}' is not understood`,
    hint: "Agent and caller are of different versions: update the older of the two, and start the agent again.",
  });
}
