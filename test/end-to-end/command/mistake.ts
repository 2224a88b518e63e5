// The command's answer to a mistake: one line of what went wrong, with the value that did, and one of what to do.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import { expectErrorLines } from "../../support/network/commands.ts";
import { laneway, type Machine, startRelay, type TestRelay } from "../../support/network/lab.ts";

/** Below the ports that programs are given, and nobody's: 1023 is reserved (IANA's port number registry). */
export const NOBODY = "http://127.0.0.1:1023";

/** What there is to be wrong about. */
export class Given implements AsyncDisposable {
  readonly relay: TestRelay;
  /** Opens the relay's network `lan`. */
  readonly token: string;
  /** For whatever a mistake needs; gone afterwards. */
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

  /** An administration command that the relay obeys. */
  admin(...args: string[]): string[] {
    return [...args, "--relay", this.relay.url, "--admin-token-file", this.relay.adminTokenFile];
  }

  /** An `up` that the relay welcomes. */
  up(...args: string[]): string[] {
    return ["up", "lan", "--relay", this.relay.url, "--token", this.token, ...args];
  }

  /** Another relay, which nothing but its one mistake keeps from running. */
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
  /** What the first line has to contain. */
  says: string | ((given: Given) => string);
  /** What the second line has to contain, where it is plain what that must be. */
  advises?: string;
  code: 1 | 2;
  env?: Record<string, string>;
};

/** Makes a mistake and checks the answer. Resolves to all that was said. */
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
