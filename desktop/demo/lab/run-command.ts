import { spawn } from "node:child_process";
import { Fault } from "../../../shared/values/fault.ts";

/** The result of a finished command: `code` is null if a signal ended it. */
export type CommandResult = { stdout: string; stderr: string; code: number | null };

export type CommandOptions = {
  /** Ends the command at once and rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
  /** Milliseconds after which the command is killed; 30 s by default. */
  timeout?: number | undefined;
  /** Written to its standard input. */
  input?: string | undefined;
  /** Added to this process's own environment. */
  env?: Record<string, string> | undefined;
};

const DEFAULT_TIMEOUT_MS = 30_000;
/** Maximum characters kept of each stream. */
const OUTPUT_LIMIT = 8 * 1024 * 1024;

/** Variables that configure `laneway`, and this machine's proxies, which machines of the lab do not use. */
const OURS = /^(?:LANEWAY_.*|(?:https?|all|no)_proxy)$/i;

/**
 * Returns this process's environment without Laneway's variables, which the lab sets itself, and with root's
 * directories on PATH, which an ordinary user's may lack.
 */
export function environment(added: Record<string, string> = {}): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !OURS.test(name));
  // The lab does not use this machine's agent: each command does its work itself, unless it names one.
  const agent = { LANEWAY_SOCKET: "/nonexistent/laneway/agent.sock" };
  return {
    ...Object.fromEntries(own),
    ...agent,
    PATH: `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin`,
    ...added,
  };
}

/**
 * Runs a command to its end, with any exit code.
 *
 * @throws Fault `lab.no-command` if there is no such command, `lab.timeout` if it takes too long
 */
export function runCommand(
  command: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const { promise, resolve, reject } = Promise.withResolvers<CommandResult>();
  if (options.signal?.aborted) return Promise.reject(options.signal.reason);
  const timeout = AbortSignal.timeout(options.timeout ?? DEFAULT_TIMEOUT_MS);
  const signal = options.signal ? AbortSignal.any([options.signal, timeout]) : timeout;
  // In its own session: Ctrl-C on the terminal reaches only this process, which ends it in order.
  const child = spawn(command, args, { detached: true, env: environment(options.env), stdio: "pipe" });
  const end = (): void => void child.kill("SIGKILL");
  signal.addEventListener("abort", end, { once: true });

  const output = { stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"] as const) {
    child[stream].setEncoding("utf8").on("data", (text: string) => {
      if (output[stream].length < OUTPUT_LIMIT) output[stream] += text;
    });
  }
  child.stdin.on("error", () => {}); // A command that ended without reading its input has an exit code that says so.
  child.stdin.end(options.input ?? "");

  child.once("error", (cause) => {
    signal.removeEventListener("abort", end);
    reject(noCommand(command, cause));
  });
  child.once("close", (code) => {
    signal.removeEventListener("abort", end);
    if (options.signal?.aborted) reject(options.signal.reason);
    else if (timeout.aborted && code === null) reject(tooSlow(command, args));
    else resolve({ ...output, code });
  });
  return promise;
}

/** Runs a command that must succeed; resolves to its standard output. */
export async function mustRun(
  command: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<string> {
  const { stdout, stderr, code } = await runCommand(command, args, options);
  if (code === 0) return stdout;
  const said = stderr.trim().split("\n").at(-1) ?? "";
  throw new Fault({
    code: "lab.command-failed",
    message: `${[command, ...args].join(" ")} failed: ${said || `exit code ${code}`}`,
    hint: hintFor(said),
  });
}

function hintFor(said: string): string {
  if (process.geteuid?.() !== 0 || /not permitted|permission denied/i.test(said)) {
    return "network namespaces take root, with CAP_SYS_ADMIN and CAP_NET_ADMIN where this is a container";
  }
  return "see that this kernel has network namespaces, veth, bridges and nftables";
}

function noCommand(command: string, cause: unknown): Fault {
  return new Fault({
    code: "lab.no-command",
    message: `${command} can't be run`,
    hint: "install what the demo needs: apt-get install iproute2 nftables iputils-ping iperf3",
    cause,
  });
}

function tooSlow(command: string, args: readonly string[]): Fault {
  return new Fault({
    code: "lab.timeout",
    message: `${[command, ...args].join(" ")} took too long and was killed`,
    hint: "try again when this machine is less busy",
  });
}
