// Installs the Debian packages that a script of package.json needs: `node tools/debian.ts demo|test|bench
// [--no-install]`. Prints nothing if all are installed, and never asks. As root it installs; otherwise it prints the
// command that does. .ci/run reads the list before a Node is there to run this file, so the list is data.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { findCommand } from "./find-command.ts";

/** A command, the Debian package that provides it, and the scripts that need it; `build` compiles tuntap2. */
interface Requirement {
  readonly command: string;
  readonly package: string;
  readonly for: readonly string[];
}

export const PURPOSES = ["demo", "test", "bench"] as const;
export type Purpose = (typeof PURPOSES)[number];

const ROOT = join(import.meta.dirname, "..");

/** The consequence of missing packages. Tests continue: those that cannot run are skipped and listed at the end. */
const CONSEQUENCES: Record<Purpose, string> = {
  demo: "the demo can't run without",
  test: "tests will be skipped for lack of",
  bench: "the benchmark can't run without",
};

/** Time limit in seconds to wait for the lock that another apt-get, such as a new machine's first update, may hold. */
const LOCK_SECONDS = 300;

/** Maximum output in bytes kept of apt-get and npm, which is shown only if they fail. */
const OUTPUT_BYTES = 64 * 1024 * 1024;

function readRequirements(): Requirement[] {
  return JSON.parse(readFileSync(join(import.meta.dirname, "debian-packages.json"), "utf8")) as Requirement[];
}

function isMissing({ command }: Requirement): boolean {
  return findCommand(command) === undefined;
}

/**
 * Returns the requirements that `purpose` lacks. For tests it includes those that compile tuntap2, unless it is
 * compiled.
 */
function missingFor(purpose: Purpose): Requirement[] {
  const kinds: readonly string[] = purpose === "test" && !hasTuntap2() ? ["test", "build"] : [purpose];
  return readRequirements().filter((one) => one.for.some((kind) => kinds.includes(kind)) && isMissing(one));
}

const isRoot = (): boolean => process.geteuid?.() === 0;

/** Returns whether npm installed the optional package, which it silently skips if that does not compile. */
function hasTuntap2(): boolean {
  return existsSync(join(ROOT, "node_modules/tuntap2/package.json"));
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** Returns whether the environment forbids installing, as --no-install does. */
export function isInstallForbidden(environment: NodeJS.ProcessEnv): boolean {
  return !["", "0", "false", undefined].includes(environment["LANEWAY_NO_INSTALL"]);
}

/**
 * Installs the packages that `purpose` lacks if this user may, and says so; otherwise prints what is missing and how to
 * install it.
 *
 * @returns whether nothing is missing afterwards
 */
function provide(purpose: Purpose, mayInstall: boolean): boolean {
  if (mayInstall && isRoot() && findCommand("apt-get") !== undefined) aptGet(packagesOf(missingFor(purpose)));
  if (mayInstall && purpose === "test" && !hasTuntap2()) compileTuntap2();
  const missing = missingFor(purpose);
  if (missing.length === 0) return true;
  const commands = missing.map((one) => one.command).join(", ");
  say(`${CONSEQUENCES[purpose]} ${commands}: ${advice(packagesOf(missing))}`);
  return false;
}

function packagesOf(requirements: readonly Requirement[]): string[] {
  return [...new Set(requirements.map((one) => one.package))];
}

/** Returns the instruction to install the packages by hand. */
function advice(packages: readonly string[]): string {
  const names = packages.join(" ");
  if (findCommand("apt-get") === undefined) {
    return `install what Debian calls ${names} with this system's package manager`;
  }
  const privilege = !isRoot() && findCommand("sudo") !== undefined ? "sudo " : "";
  return `${privilege}apt-get install --no-install-recommends ${names}`;
}

/** Installs packages, and shows the output of apt-get only if it fails. */
function aptGet(packages: readonly string[]): void {
  if (packages.length === 0) return;
  say(`installing by apt-get (LANEWAY_NO_INSTALL=1 forbids it): ${packages.join(" ")}`);
  // Without this, packages such as tshark stop to ask.
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const options = ["--yes", "--quiet", `--option=DPkg::Lock::Timeout=${LOCK_SECONDS}`];
  // An update may fail in part and still suffice: the installation shows it.
  const update = run("apt-get", ["update", ...options], env);
  const install = run("apt-get", ["install", ...options, "--no-install-recommends", ...packages], env);
  if (install.status === 0) return;
  if (update.status !== 0) process.stderr.write(update.output);
  process.stderr.write(install.output);
}

/**
 * Makes npm install the package that it skipped, now that a compiler is installed. Uses the headers of the pinned Node.
 */
function compileTuntap2(): void {
  const { npm_execpath: npm, npm_node_execpath: node } = process.env;
  if (npm === undefined || node === undefined || readRequirements().some(isMissingForBuild)) return;
  say("compiling the optional package tuntap2");
  // Not the scripts' PATH, in which node_modules/.bin comes first: npm must run under its original Node.
  const path = [dirname(node), ...(process.env["PATH"] ?? "").split(":").filter((one) => !isOfNpm(one))];
  const env = {
    ...process.env,
    PATH: path.join(":"),
    npm_package_config_node_gyp_nodedir: join(ROOT, `node_modules/node-linux-${process.arch}`),
  };
  const { status, output } = run(node, [npm, "install", "--no-save", "--no-audit", "--no-fund"], env);
  if (status !== 0) process.stderr.write(output);
  if (status !== 0 || !hasTuntap2()) say("tuntap2 does not compile here: its tests will be skipped");
}

function isMissingForBuild(one: Requirement): boolean {
  return one.for.includes("build") && isMissing(one);
}

function isOfNpm(directory: string): boolean {
  return /\/node_modules\/(\.bin|@npmcli\/)/.test(directory);
}

interface Outcome {
  readonly status: number | null;
  readonly output: string;
}

function run(command: string, args: readonly string[], env: NodeJS.ProcessEnv): Outcome {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd: ROOT,
    encoding: "utf8",
    env,
    // No input, because nothing may ask a question here.
    stdio: ["ignore", "pipe", "pipe"],
    maxBuffer: OUTPUT_BYTES,
  });
  return { status, output: error === undefined ? stdout + stderr : `${command}: ${error.message}\n` };
}

/** Returns the command that runs an npm script as root. It names Node's path because sudo resets PATH. */
function asRoot(script: string): string {
  const npm = findCommand("npm") ?? "";
  const usual = ["/usr/local/sbin/", "/usr/local/bin/", "/usr/sbin/", "/usr/bin/", "/sbin/", "/bin/"];
  const isUsual = usual.some((directory) => npm === `${directory}npm`);
  const command = isUsual ? `npm run ${script}` : `env "PATH=$PATH" npm run ${script}`;
  return findCommand("sudo") ? `sudo ${command}` : `su -c '${command}'`;
}

/**
 * Prepares what a script needs: root, and the packages. Prints one line for what is missing.
 *
 * @returns whether the script can run; tests always can
 */
export function prepare(purpose: Purpose, mayInstall: boolean): boolean {
  if (!isRoot()) {
    const needs = "network namespaces and TAP devices, which takes root";
    if (purpose !== "test") {
      say(`the ${purpose} makes ${needs}, and installs what it lacks: run it as root: ${asRoot(purpose)}`);
      return false;
    }
    say(`tests that make ${needs}, will be skipped: run them as root: ${asRoot(purpose)}`);
    // Root would install them; without root, this line is enough.
    return true;
  }
  return provide(purpose, mayInstall) || purpose === "test";
}

function main(): number {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { "no-install": { type: "boolean", default: false } },
  });
  const purpose = PURPOSES.find((one) => one === positionals[0]);
  if (purpose === undefined) {
    say(`unknown purpose ${JSON.stringify(positionals[0] ?? "")}`);
    say(`use one of ${PURPOSES.join(", ")}`);
    return 2;
  }
  return prepare(purpose, !values["no-install"] && !isInstallForbidden(process.env)) ? 0 : 1;
}

if (import.meta.main) process.exitCode = main();
