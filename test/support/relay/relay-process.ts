// The relay as a process, and its administration over plain HTTP.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const repository = join(import.meta.dirname, "../../..");

/** Maximum wait in milliseconds: slow on two busy cores is no failure. */
const WAIT_MS = 40_000;

/** Number of characters that are kept of a relay's log, the last ones. */
const LOG_CHARACTERS = 1_048_576;

export interface Runtime {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a relay with only these options, which must end; resolves to its output.
 *
 * @param started called with the process as soon as it runs
 */
export async function runToEnd(
  runtime: Runtime,
  args: readonly string[],
  started: (child: ChildProcess) => void = () => {},
): Promise<Ended> {
  const child = launch(runtime, args, {});
  started(child);
  const force = setTimeout(() => child.kill("SIGKILL"), WAIT_MS);
  try {
    return await endOf(child);
  } finally {
    clearTimeout(force);
  }
}

export interface StartOptions {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Its own directory by default, removed with the relay. */
  readonly data?: string;
  readonly listen?: string;
  /** Called with each line of its log. */
  readonly logged?: (line: string) => void;
}

/** A running relay. */
export class RelayProcess implements AsyncDisposable {
  /** Its first line with `--json`. */
  readonly listening: Readonly<Record<string, unknown>>;
  readonly data: string;
  readonly pid: number;
  readonly ended: Promise<Ended>;
  readonly #child: ChildProcess;
  readonly #ownsData: boolean;
  #names = 0;

  private constructor(
    child: ChildProcess,
    listening: Readonly<Record<string, unknown>>,
    data: { path: string; own: boolean },
    ended: Promise<Ended>,
  ) {
    this.#child = child;
    this.pid = child.pid ?? 0;
    this.listening = listening;
    this.data = data.path;
    this.#ownsData = data.own;
    this.ended = ended;
  }

  static async start(runtime: Runtime, options: StartOptions = {}): Promise<RelayProcess> {
    const own = options.data === undefined;
    const path = options.data ?? temporaryDirectory();
    const child = launch(
      runtime,
      ["--json", "--listen", options.listen ?? "127.0.0.1:0", "--data", path, ...(options.args ?? [])],
      options.env ?? {},
    );
    const ended = endOf(child);
    const { logged } = options;
    if (logged !== undefined && child.stderr !== null)
      createInterface({ input: child.stderr }).on("line", logged);
    try {
      const line = await firstLine(child, ended);
      const listening = JSON.parse(line) as Record<string, unknown>;
      return new RelayProcess(child, listening, { path, own }, ended);
    } catch (error) {
      child.kill("SIGKILL");
      await ended;
      if (own) rmSync(path, { recursive: true, force: true });
      throw error;
    }
  }

  get url(): string {
    return String(this.listening["url"]);
  }

  get adminToken(): string {
    return readFileSync(String(this.listening["admin_token_file"]), "utf8").trim();
  }

  /** Calls the administration API; `path` is what follows `/v1`. */
  async api(method: string, path: string, body?: unknown, token = this.adminToken): Promise<Response> {
    return await fetch(`${this.url}/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(WAIT_MS),
    });
  }

  /**
   * Makes a call that must succeed; resolves to the object in the answer, or `undefined` if there is none.
   *
   * @throws Error if it did not succeed
   */
  async must(method: string, path: string, body?: unknown): Promise<unknown> {
    const response = await this.api(method, path, body);
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text === "" ? undefined : JSON.parse(text);
  }

  /**
   * Makes a network for a test, by default in its own tenant, with a token for it.
   *
   * @param settings those that differ from their defaults
   */
  async network(
    of?: { tenant: string },
    settings: Readonly<Record<string, unknown>> = {},
  ): Promise<TestNetwork> {
    const tenant = of?.tenant ?? `tenant-${++this.#names}`;
    if (of === undefined) await this.must("POST", "/tenants", { name: tenant });
    const name = `net-${++this.#names}`;
    const network = await this.must("POST", `/tenants/${tenant}/networks`, { name, settings });
    const { vni, group } = network as { vni: number; group: string };
    const { id, token } = await this.token(tenant, name);
    return { tenant, name, vni, group, token, tokenId: id };
  }

  /** Makes a token; `expiresIn` is in seconds. */
  async token(tenant: string, network: string, expiresIn?: number): Promise<{ id: string; token: string }> {
    const request = { network, ...(expiresIn === undefined ? {} : { expires_in: expiresIn }) };
    return (await this.must("POST", `/tenants/${tenant}/tokens`, request)) as { id: string; token: string };
  }

  /** Returns the forwarding table: port IDs by MAC address. */
  async fdb({ tenant, name }: TestNetwork): Promise<Map<string, string>> {
    const rows = (await this.must("GET", `/tenants/${tenant}/networks/${name}/fdb`)) as {
      mac: string;
      port: string;
    }[];
    return new Map(rows.map(({ mac, port }) => [mac, port]));
  }

  get isAlive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Stops it with `signal`, or by force if that does not end it. */
  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<Ended> {
    this.signal(signal);
    const force = setTimeout(() => this.signal("SIGKILL"), WAIT_MS);
    try {
      return await this.ended;
    } finally {
      clearTimeout(force);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop("SIGKILL");
    if (this.#ownsData) rmSync(this.data, { recursive: true, force: true });
  }
}

export interface TestNetwork {
  readonly tenant: string;
  readonly name: string;
  readonly vni: number;
  readonly group: string;
  readonly token: string;
  readonly tokenId: string;
}

/** Returns a new directory; the caller removes it. */
export function temporaryDirectory(): string {
  return mkdtempSync(join(tmpdir(), "laneway-relay-test-"));
}

/** Running relays, killed with this process if a test does not stop them. */
const running = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

function launch(
  { command, args: fixed }: Runtime,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): ChildProcess {
  // Laneway's variables in the caller's environment are not meant for tests.
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith("LANEWAY_"));
  const child = spawn(command, [...fixed, ...args], {
    cwd: repository,
    env: { ...Object.fromEntries(inherited), NO_COLOR: "1", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  running.add(child);
  child.once("close", () => running.delete(child));
  return child;
}

async function endOf(child: ChildProcess): Promise<Ended> {
  let stdout = "";
  let stderr = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    stderr = (stderr + text).slice(-LOG_CHARACTERS);
  });
  return await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
}

async function firstLine(child: ChildProcess, ended: Promise<Ended>): Promise<string> {
  const { stdout } = child;
  if (stdout === null) throw new Error("the relay has no standard output");
  const line = new Promise<string>((resolve, reject) => {
    createInterface({ input: stdout }).once("line", resolve);
    ended.then(({ code, stderr }) => reject(new Error(`the relay ended with ${code}: ${stderr}`)), reject);
    setTimeout(() => reject(new Error("the relay said nothing in time")), WAIT_MS).unref();
  });
  return await line;
}
