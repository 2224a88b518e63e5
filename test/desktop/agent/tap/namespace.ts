/** A machine for a TAP's other side: an unnamed network namespace, which vanishes with its holder. */
import { type ChildProcessByStdio, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable, Writable } from "node:stream";
import { promisify } from "node:util";

const runFile = promisify(execFile);

export class Namespace {
  /** Holds the namespace as long as its input is open, so that nothing outlives a killed test. */
  readonly #holder: ChildProcessByStdio<Writable, Readable, null>;

  private constructor(holder: ChildProcessByStdio<Writable, Readable, null>) {
    this.#holder = holder;
  }

  static async make(): Promise<Namespace> {
    const holder = spawn("unshare", ["--net", "cat"], { stdio: ["pipe", "pipe", "inherit"] });
    // The echo comes from inside the namespace.
    holder.stdin.write("here\n");
    await once(holder.stdout, "data");
    return new Namespace(holder);
  }

  /** Moves the interface `name` here, under the name `as`. */
  async adopt(name: string, as: string): Promise<void> {
    await runFile("ip", ["link", "set", "dev", name, "netns", String(this.#holder.pid), "name", as]);
  }

  /** Starts a command here; resolves to its standard output. */
  async run(command: string, ...args: string[]): Promise<string> {
    const net = `--net=/proc/${this.#holder.pid}/ns/net`;
    const { stdout } = await runFile("nsenter", [net, command, ...args], { timeout: 50_000 });
    return stdout;
  }

  async close(): Promise<void> {
    const exit = once(this.#holder, "exit");
    this.#holder.stdin.end();
    await exit;
  }
}
