// Shared by tests with real hosts, NATs, relays and clients. Everything here is disposed of with `await using`; the
// remains of a failed test in a lab are removed with the process of its test file.
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { JsonProcess } from "../../../desktop/demo/lab/json-process.ts";
import { Lab } from "../../../desktop/demo/lab/lab.ts";
import { Laneway, type Machine, type RunningClient, text } from "../../../desktop/demo/lab/laneway.ts";
import { environment, runCommand } from "../../../desktop/demo/lab/run-command.ts";
import { requires } from "../requirements.ts";

export type { Host } from "../../../desktop/demo/lab/host.ts";
export { JsonProcess, Lab, type Machine, type RunningClient, text };

/** Returns whether this machine can run a lab with TAPs: for `describe.runIf(hasLab())`. */
export function hasLab(...more: string[]): boolean {
  return requires("root", "ip", "nft", "ping", "netns", "tun", ...more);
}

/** The repository's command, under the Node that runs the tests. */
export const launcher = {
  command: process.execPath,
  args: [join(import.meta.dirname, "../../../bin/laneway.js")],
};

const command = new Laneway(launcher);

/** This machine itself, for tests without a lab. */
export const thisMachine: Machine = {
  exec: runCommand,
  spawn: (name, args = [], { env, ...options } = {}) =>
    spawn(name, args, { ...options, env: environment(env) }),
};

/** Runs the command to its end on `host` (by default this machine); `objects` are its lines with `--json`. */
export function laneway(
  args: readonly string[],
  options: { host?: Machine; env?: Record<string, string>; input?: string; timeout?: number } = {},
): ReturnType<Laneway["run"]> {
  const { host = thisMachine, ...rest } = options;
  return command.run(host, args, rest);
}

/** Starts the command with `--json` without waiting. */
export function startLaneway(
  args: readonly string[],
  options: { host?: Machine; env?: Record<string, string> } = {},
): JsonProcess {
  const { host = thisMachine, ...rest } = options;
  return command.spawn(host, args, rest);
}

/** A relay for tests, with its administration. Its data outlives `stop` and `start`, but not its disposal. */
export class TestRelay implements AsyncDisposable {
  readonly #machine: Machine;
  readonly #args: readonly string[];
  readonly #env: Record<string, string>;
  readonly data: string;
  #url = "";
  #adminTokenFile = "";
  #process: JsonProcess | undefined;

  constructor(machine: Machine, data: string, args: readonly string[], env: Record<string, string>) {
    this.#machine = machine;
    this.data = data;
    this.#args = args;
    this.#env = env;
  }

  /** Its URL, the same after a restart. */
  get url(): string {
    return this.#url;
  }

  get adminTokenFile(): string {
    return this.#adminTokenFile;
  }

  get process(): JsonProcess {
    if (!this.#process) throw new Error("the relay does not run");
    return this.#process;
  }

  /** Starts it, first on `listen`, later at its previous address. */
  async start(listen: string): Promise<void> {
    const address = this.#url === "" ? listen : new URL(this.#url).host;
    const args = ["--listen", address, "--data", this.data, ...this.#args];
    const relay = await command.startRelay(this.#machine, args, { env: this.#env });
    this.#url = relay.url;
    this.#adminTokenFile = relay.adminTokenFile;
    this.#process = relay.process;
  }

  /** Stops it and starts it again on the same data. */
  async restart(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    await this.stop(signal);
    await this.start("");
  }

  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<number | null> {
    return this.process.stop(signal);
  }

  /** Runs an administration command, such as `network create office`. */
  admin(...args: string[]): ReturnType<Laneway["run"]> {
    return command.run(this.#machine, [...args, "--json", ...this.#access()]);
  }

  /** Runs an administration command that must succeed; resolves to the object it prints. */
  create(...args: string[]): ReturnType<Laneway["create"]> {
    return command.create(this.#machine, [...args, ...this.#access()]);
  }

  /** Makes an access token for a network. */
  async token(network = "lan", tenant = "default"): Promise<string> {
    return text(await this.create("token", "create", "--network", network, "--tenant", tenant), "token");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process?.stop();
    await rm(this.data, { recursive: true, force: true });
  }

  #access(): string[] {
    return ["--relay", this.#url, "--admin-token-file", this.#adminTokenFile];
  }
}

/** Starts a relay in the lab's internet on port 8787, or without a lab on a free port of this machine's loopback. */
export async function startRelay(
  lab?: Lab,
  args: readonly string[] = [],
  env: Record<string, string> = {},
): Promise<TestRelay> {
  const data = await mkdtemp(lab ? join(lab.directory, "relay-") : join(tmpdir(), "laneway-relay-"));
  const relay = new TestRelay(lab?.wan ?? thisMachine, data, args, env);
  try {
    await relay.start(lab ? `${lab.wanAddress}:8787` : "127.0.0.1:0");
    return relay;
  } catch (error) {
    await relay[Symbol.asyncDispose]();
    throw error;
  }
}

/**
 * Brings a network up on a host and waits until frames can pass. `args` are those of `laneway up`, for example `["lan",
 * "--relay", relay.url, "--token", token, "--address", "10.20.0.1/24"]`. Pass `--state` a directory of the lab if two
 * hosts must not share a device's state.
 */
export function up(
  host: Machine,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<RunningClient> {
  return command.up(host, args, { env });
}
