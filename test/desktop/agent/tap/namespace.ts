/** A machine of its own for a TAP's other side: a network namespace without a name, which vanishes with its holder. */
import { type ChildProcessByStdio, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable, Writable } from "node:stream";
import { promisify } from "node:util";

const runFile = promisify(execFile);

export class Namespace {
  /** Holds the namespace for as long as we hold its input, so that nothing outlives a test that was killed. */
  readonly #holder: ChildProcessByStdio<Writable, Readable, null>;

  private constructor(holder: ChildProcessByStdio<Writable, Readable, null>) {
    this.#holder = holder;
  }

  static async make(): Promise<Namespace> {
    const holder = spawn("unshare", ["--net", "cat"], { stdio: ["pipe", "pipe", "inherit"] });
    // What is echoed is echoed from within.
    holder.stdin.write("here\n");
    await once(holder.stdout, "data");
    return new Namespace(holder);
  }

  /** Moves the interface `name` here, where it is `as`. */
  async adopt(name: string, as: string): Promise<void> {
    await runFile("ip", ["link", "set", "dev", name, "netns", String(this.#holder.pid), "name", as]);
  }

  /** Starts a command here; what it says on standard output is the promise's value. */
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
