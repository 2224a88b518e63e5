import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findCommand } from "../../../tools/find-command.ts";

const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  // On two busy cores a page in the background must run like one in front.
  "--disable-background-timer-throttling",
  "--disable-renderer-backgrounding",
  "--disable-backgrounding-occluded-windows",
  "--remote-debugging-port=0",
];

const START_MS = 60_000;

/**
 * Runs a program until it or standard input ends, then removes the program's processes and its profile: however a
 * test's process ends, its Chromium ends with it. The first argument is the profile.
 */
const GUARD = `
profile=$1
shift
exec 3<&0 4>&2 2>/dev/null
"$@" </dev/null 2>&4 3<&- 4>&- &
browser=$!
exec 4>&-
{ cat <&3 >/dev/null; kill -KILL $browser; } &
wait $browser
rm -rf "$profile" || { sleep 1; rm -rf "$profile"; }
kill -KILL 0
`;

/** The system's Chromium with a new profile, without a window; several clients can drive it at once. */
export class SharedChromium implements AsyncDisposable {
  /** The endpoint for DevTools clients. */
  readonly devtools: string;
  readonly #process: ChildProcess;
  readonly #profile: string;

  private constructor(devtools: string, process: ChildProcess, profile: string) {
    this.devtools = devtools;
    this.#process = process;
    this.#profile = profile;
  }

  static async start(): Promise<SharedChromium> {
    const program = findCommand("chromium");
    if (program === undefined) throw new Error("there is no chromium on PATH");
    const profile = await mkdtemp(join(tmpdir(), "laneway-chromium-"));
    const browser = [program, ...FLAGS, `--user-data-dir=${profile}`, "about:blank"];
    // In its own process group: Chromium is many processes, and all of them must end.
    const child = spawn("sh", ["-c", GUARD, "guard", profile, ...browser], {
      stdio: ["pipe", "ignore", "pipe"],
      detached: true,
    });
    try {
      return new SharedChromium(await devtoolsOf(child), child, profile);
    } catch (error) {
      await end(child, profile);
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await end(this.#process, this.#profile);
  }
}

function devtoolsOf(child: ChildProcess): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let said = "";
  const timer = setTimeout(() => reject(new Error(`Chromium did not start: ${said}`)), START_MS);
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    // Read to the end, because Chromium stops when the pipe is full.
    said = (said + text).slice(-8_000);
    const [, url] = /DevTools listening on (ws:\S+)/.exec(said) ?? [];
    if (url !== undefined) resolve(url);
  });
  child.once("error", reject);
  child.once("exit", () => reject(new Error(`Chromium ended: ${said}`)));
  return promise.finally(() => clearTimeout(timer));
}

async function end(child: ChildProcess, profile: string): Promise<void> {
  const gone =
    child.exitCode !== null || child.signalCode !== null || child.pid === undefined
      ? Promise.resolve()
      : new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.stdin?.end();
  await gone;
  // Its children may still be writing.
  await rm(profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
}
