import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { type CommandOptions, type CommandResult, environment, mustRun, runCommand } from "./run-command.ts";

/** A machine of the lab: a network namespace that runs commands like a machine of its own. */
export class Host {
  /** Its name in the lab: `wan`, `alice`, `alice-router`. */
  readonly name: string;
  /** Its name in `ip netns`. */
  readonly namespace: string;

  constructor(name: string, namespace: string) {
    this.name = name;
    this.namespace = namespace;
  }

  /** Runs a command here to its end, with any exit code. */
  exec(command: string, args: readonly string[] = [], options: CommandOptions = {}): Promise<CommandResult> {
    return runCommand("ip", this.#enter(command, args), options);
  }

  /** Runs a command here that must succeed; resolves to its standard output. */
  mustExec(command: string, args: readonly string[] = [], options: CommandOptions = {}): Promise<string> {
    return mustRun("ip", this.#enter(command, args), options);
  }

  /**
   * Starts a command here that keeps running, in its own session, so that Ctrl-C on the terminal does not reach it. The
   * lab ends it on closing. `env` is added to this process's environment.
   */
  spawn(
    command: string,
    args: readonly string[] = [],
    options: Omit<SpawnOptions, "env"> & { env?: Record<string, string> } = {},
  ): ChildProcess {
    const { env, ...rest } = options;
    // `ip netns exec` is replaced by the command, so pid and signals of the child are the command's own.
    return spawn("ip", this.#enter(command, args), { detached: true, ...rest, env: environment(env) });
  }

  /** Returns the pids of all processes here. */
  async processes(): Promise<number[]> {
    const { stdout } = await runCommand("ip", ["netns", "pids", this.namespace]);
    return stdout.split("\n").filter(Boolean).map(Number);
  }

  #enter(command: string, args: readonly string[]): string[] {
    return ["netns", "exec", this.namespace, command, ...args];
  }
}
