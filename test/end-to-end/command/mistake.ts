// The command's answer to an error: one line with the reason and the wrong value, one with the next step.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import { expectErrorLines } from "../../support/network/commands.ts";
import { laneway, type Machine, startRelay, type TestRelay } from "../../support/network/lab.ts";

/** Below the dynamic ports, and unused: 1023 is reserved (IANA's port number registry). */
export const NOBODY = "http://127.0.0.1:1023";

/** A relay and a token for failing commands. */
export class Given implements AsyncDisposable {
  readonly relay: TestRelay;
  /** Allows the relay's network `lan`. */
  readonly token: string;
  /** A temporary directory. */
  readonly directory: string;
  #relays = 0;

  private constructor(relay: TestRelay, token: string, directory: string) {
    this.relay = relay;
    this.token = token;
    this.directory = directory;
  }

  static async start(): Promise<Given> {
    const relay = await startRelay();
    return new Given(relay, await relay.token(), await mkdtemp(join(tmpdir(), "laneway-errors-")));
  }

  /** Returns an administration command that the relay accepts. */
  admin(...args: string[]): string[] {
    return [...args, "--relay", this.relay.url, "--admin-token-file", this.relay.adminTokenFile];
  }

  /** Returns an `up` that the relay welcomes. */
  up(...args: string[]): string[] {
    return ["up", "lan", "--relay", this.relay.url, "--token", this.token, ...args];
  }

  /** Returns another relay, which would run but for its one mistake. */
  another(...args: string[]): string[] {
    this.#relays++;
    const data = join(this.directory, `data-${this.#relays}`);
    return ["relay", "--listen", "127.0.0.1:0", "--data", data, ...args];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.relay[Symbol.asyncDispose]();
    await rm(this.directory, { recursive: true, force: true });
  }
}

export type Mistake = {
  args: string[] | ((given: Given) => string[] | Promise<string[]>);
  /** Required content of the first line. */
  says: string | ((given: Given) => string);
  /** Required content of the second line, if it is certain. */
  advises?: string;
  code: 1 | 2;
  env?: Record<string, string>;
};

/** Runs a failing command and checks the answer. Resolves to all its output. */
export async function expectError(given: Given, mistake: Mistake, host?: Machine): Promise<string> {
  const { args, says, advises, code, env } = mistake;
  const result = await laneway(typeof args === "function" ? await args(given) : args, {
    timeout: 20_000,
    env: { LANEWAY_STATE: join(given.directory, "state"), ...env },
    ...(host ? { host } : {}),
  });
  expectErrorLines(result.stderr, typeof says === "function" ? says(given) : says, advises);
  expect(result).toMatchObject({ code, stdout: "" });
  return result.stderr;
}
