// The agent's own server over a test's methods.
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { createConnection, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Authority } from "../../../../desktop/agent/service/calls/authority.ts";
import type { Methods } from "../../../../desktop/agent/service/calls/methods.ts";
import { RpcServer } from "../../../../desktop/agent/service/calls/rpc-server.ts";
import { loadSocketNative } from "../../../../desktop/agent/service/calls/socket-native.ts";
import { LineReader } from "../../../../desktop/rpc/line-reader.ts";
import { ANSWER_BYTES } from "../../../../desktop/rpc/message.ts";
import { RPC_VERSION } from "../../../../desktop/rpc/schema.ts";

/** A server on a socket in its own directory. */
export class RpcDouble implements AsyncDisposable {
  readonly server: RpcServer;
  readonly socket: string;
  /** Reported bugs. */
  readonly mistakes: unknown[];
  readonly #directory: string;

  private constructor(server: RpcServer, directory: string, socket: string, mistakes: unknown[]) {
    this.server = server;
    this.socket = socket;
    this.mistakes = mistakes;
    this.#directory = directory;
  }

  /** @param methods those that the test calls; any other is an error */
  static async start(
    methods: Partial<Methods>,
    authority: Pick<Authority, "mayChange"> = new Authority(),
  ): Promise<RpcDouble> {
    const directory = await mkdtemp(join(tmpdir(), "laneway-rpc-"));
    await chmod(directory, 0o755);
    const socket = join(directory, "agent.sock");
    const mistakes: unknown[] = [];
    const server = await makeServer(socket, methods, authority, (error) => mistakes.push(error));
    await server.listen();
    return new RpcDouble(server, directory, socket, mistakes);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.close();
    await rm(this.#directory, { recursive: true });
  }
}

export async function makeServer(
  socket: string,
  methods: Partial<Methods> = {},
  authority: Pick<Authority, "mayChange"> = new Authority(),
  mistake: (error: unknown) => void = () => {},
): Promise<RpcServer> {
  return new RpcServer({
    socket,
    native: await loadSocketNative(),
    authority,
    // Methods that the test does not define are missing: calling one is reported as a bug.
    methods: methods as Methods,
    hello: (mayChange) => ({
      version: RPC_VERSION,
      agent: "0.0.0",
      pid: process.pid,
      started_at: new Date(0).toISOString(),
      may_change: mayChange,
      tap_problem: null,
      state_directory: null,
      netns: null,
    }),
    mistake: (_method, error) => mistake(error),
  });
}

/** A caller that sends any lines. */
export class RawCaller implements Disposable {
  readonly socket: Socket;
  readonly heard: unknown[] = [];
  readonly ended: Promise<void>;

  constructor(path: string) {
    this.socket = createConnection({ path });
    this.socket.on("error", () => {});
    const reader = new LineReader(
      ANSWER_BYTES,
      (line) => this.heard.push(JSON.parse(line)),
      () => this.heard.push("too long"),
    );
    this.socket.on("data", (chunk: Uint8Array) => reader.push(chunk));
    this.ended = new Promise((resolve) => this.socket.once("close", () => resolve()));
  }

  say(text: string): void {
    this.socket.write(`${text}\n`);
  }

  call(id: number, method: string, params: object = {}): void {
    this.say(JSON.stringify({ jsonrpc: "2.0", id, method, params }));
  }

  hello(): void {
    this.call(0, "hello", { version: RPC_VERSION, client: "test" });
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }
}
