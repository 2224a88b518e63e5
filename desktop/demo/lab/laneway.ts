import { Fault } from "../../../shared/values/fault.ts";
import type { Host } from "./host.ts";
import { type JsonLine, JsonProcess, parse } from "./json-process.ts";
import type { CommandResult } from "./run-command.ts";

/** How to start the `laneway` command: a program and its first arguments. */
export type Launcher = { command: string; args: readonly string[] };

/** A place to run commands: a host of the lab, or this machine. */
export type Machine = Pick<Host, "exec" | "spawn">;

type Options = { env?: Record<string, string>; signal?: AbortSignal | undefined };

/** A relay that listens. */
export type RunningRelay = { url: string; adminTokenFile: string; process: JsonProcess };

/** A client whose network is up. */
export type RunningClient = {
  network: string;
  vni: number;
  tap: string;
  mac: string;
  /** With its prefix length; absent if the network has no addresses. */
  address: string | undefined;
  process: JsonProcess;
};

/** The `laneway` command on the lab's machines, used only by its public interface. */
export class Laneway {
  readonly #launcher: Launcher;

  constructor(launcher: Launcher) {
    this.#launcher = launcher;
  }

  /** Runs a command to its end; `objects` are the JSON lines of its standard output. */
  async run(
    machine: Machine,
    args: readonly string[],
    options: Options & { input?: string; timeout?: number } = {},
  ): Promise<CommandResult & { objects: JsonLine[] }> {
    const { command, args: before } = this.#launcher;
    const result = await machine.exec(command, [...before, ...args], options);
    const objects = result.stdout.split("\n").filter(Boolean).map(parse);
    return { ...result, objects };
  }

  /** Runs a command with `--json` that must succeed; resolves to the object it prints. */
  async create(machine: Machine, args: readonly string[], options: Options = {}): Promise<JsonLine> {
    const { code, stderr, objects } = await this.run(machine, [...args, "--json"], options);
    const [object] = objects;
    if (code === 0 && object) return object;
    throw new Fault({
      code: "lab.command-failed",
      message: `laneway ${args.slice(0, 2).join(" ")} failed with exit code ${code}: ${stderr.trim()}`,
      hint: "run the command by itself to see its whole output",
    });
  }

  /** Starts a command with `--json` that keeps running. */
  spawn(machine: Machine, args: readonly string[], options: Options = {}): JsonProcess {
    const { command, args: before } = this.#launcher;
    const child = machine.spawn(command, [...before, ...args, "--json"], {
      env: options.env ?? {},
      stdio: ["ignore", "pipe", "pipe"],
    });
    return new JsonProcess(child, `laneway ${args[0]}`);
  }

  /** Starts a relay and waits until it listens. */
  async startRelay(machine: Machine, args: readonly string[], options: Options = {}): Promise<RunningRelay> {
    const process = this.spawn(machine, ["relay", ...args], options);
    try {
      const line = await process.event("listening", { signal: options.signal });
      return { url: text(line, "url"), adminTokenFile: text(line, "admin_token_file"), process };
    } catch (error) {
      await process.stop();
      throw error;
    }
  }

  /** Brings a network up on a machine and waits until frames can pass. */
  async up(machine: Machine, args: readonly string[], options: Options = {}): Promise<RunningClient> {
    const process = this.spawn(machine, ["up", ...args], options);
    try {
      const line = await process.event("up", { signal: options.signal });
      return {
        network: text(line, "network"),
        vni: Number(line["vni"]),
        tap: text(line, "tap"),
        mac: text(line, "mac"),
        address: line["address"] === undefined ? undefined : text(line, "address"),
        process,
      };
    } catch (error) {
      await process.stop();
      throw error;
    }
  }
}

/** Returns the string in `field` of a line that a command printed. */
export function text(line: JsonLine, field: string): string {
  const value = line[field];
  if (typeof value === "string") return value;
  throw new TypeError(`${JSON.stringify(line)} has no text called ${field}`);
}
