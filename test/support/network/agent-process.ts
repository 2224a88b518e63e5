import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RpcClient } from "../../../desktop/rpc/client.ts";
import { type JsonProcess, laneway, type Machine, startLaneway } from "./lab.ts";

/** A row of `laneway status --json`. */
export interface StatusRow {
  readonly network: string;
  readonly tenant: string | null;
  readonly state: string;
  readonly tap: string | null;
  readonly mac: string | null;
  readonly address: string | null;
  readonly members: number;
  readonly [field: string]: unknown;
}

/** An agent on a host, with its own state and socket, and its command line. */
export class AgentProcess implements AsyncDisposable {
  readonly machine: Machine;
  readonly socket: string;
  readonly env: Record<string, string>;
  readonly #directory: string;
  #process: JsonProcess | undefined;

  private constructor(machine: Machine, directory: string) {
    this.machine = machine;
    this.#directory = directory;
    this.socket = join(directory, "agent.sock");
    this.env = { LANEWAY_STATE: join(directory, "state"), LANEWAY_SOCKET: this.socket };
  }

  /** @param own prepares the directory for its user */
  static async start(
    machine: Machine,
    own: (directory: string) => Promise<void> = async () => {},
  ): Promise<AgentProcess> {
    const directory = await mkdtemp(join(tmpdir(), "laneway-agent-"));
    await chmod(directory, 0o755);
    await own(directory);
    const agent = new AgentProcess(machine, directory);
    await agent.start();
    return agent;
  }

  get process(): JsonProcess {
    if (this.#process === undefined) throw new Error("the agent does not run");
    return this.#process;
  }

  async start(): Promise<void> {
    this.#process = startLaneway(["agent"], { host: this.machine, env: this.env });
    await this.#process.event("listening");
  }

  /** Kills it like a crash, and waits for its end. */
  async kill(): Promise<void> {
    this.process.child.kill("SIGKILL");
    await this.process.ended;
  }

  /** Runs a command of this agent, with `--json`. */
  run(...args: string[]): ReturnType<typeof laneway> {
    return laneway([...args, "--json"], { host: this.machine, env: this.env });
  }

  /** Runs a command that must succeed, and resolves to its output. */
  async must(...args: string[]): Promise<Record<string, unknown>[]> {
    const { code, stderr, objects } = await this.run(...args);
    if (code !== 0) throw new Error(`laneway ${args.join(" ")} failed with ${code}: ${stderr}`);
    return objects;
  }

  async status(): Promise<StatusRow[]> {
    return (await this.must("status")) as unknown as StatusRow[];
  }

  async network(name: string): Promise<StatusRow | undefined> {
    return (await this.status()).find(({ network }) => network === name);
  }

  /** Connects from the test itself. */
  connect(): Promise<RpcClient> {
    return RpcClient.connect({ socket: this.socket, client: "test" });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process?.stop();
    await rm(this.#directory, { recursive: true, force: true });
  }
}
