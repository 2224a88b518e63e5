import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { type CommandOptions, type CommandResult, environment, mustRun, runCommand } from "./run-command.ts";

/** A machine of the lab: a network namespace, in which commands run as they would on a machine of its own. */
export class Host {
  /** What it is called in the lab: `wan`, `alice`, `alice-router`. */
  readonly name: string;
  /** What it is called in `ip netns`. */
  readonly namespace: string;

  constructor(name: string, namespace: string) {
    this.name = name;
    this.namespace = namespace;
  }

  /** Runs a command here to its end, whatever its exit code. */
  exec(command: string, args: readonly string[] = [], options: CommandOptions = {}): Promise<CommandResult> {
    return runCommand("ip", this.#enter(command, args), options);
  }

  /** Runs a command here that has to succeed; resolves to its standard output. */
  mustExec(command: string, args: readonly string[] = [], options: CommandOptions = {}): Promise<string> {
    return mustRun("ip", this.#enter(command, args), options);
  }

  /**
   * Starts a command here that goes on by itself, in a session of its own, so that Ctrl-C on the terminal is not for
   * it. The lab ends it when it closes, so nobody else has to. `env` is added to this process's own.
   */
  spawn(
    command: string,
    args: readonly string[] = [],
    options: Omit<SpawnOptions, "env"> & { env?: Record<string, string> } = {},
  ): ChildProcess {
    const { env, ...rest } = options;
    // `ip netns exec` becomes the command, so the child's pid and signals are the command's own.
    return spawn("ip", this.#enter(command, args), { detached: true, ...rest, env: environment(env) });
  }

  /** The pids of all processes here, whoever started them. */
  async processes(): Promise<number[]> {
    const { stdout } = await runCommand("ip", ["netns", "pids", this.namespace]);
    return stdout.split("\n").filter(Boolean).map(Number);
  }

  #enter(command: string, args: readonly string[]): string[] {
    return ["netns", "exec", this.namespace, command, ...args];
  }
}
