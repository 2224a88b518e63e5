// Sees to the Debian packages that a script of package.json needs: `node tools/debian.ts demo|test|bench`.
// Silent when all is there. The list is data, because .ci/run reads it before there is a Node that runs this file.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline/promises";
import { parseArgs } from "node:util";
import { findCommand } from "./find-command.ts";

/** A command, the Debian package that has it, and the scripts that need it. */
type Requirement = { command: string; package: string; for: string[] };

const purposes = ["demo", "test", "bench"] as const;
type Purpose = (typeof purposes)[number];

/** What happens without the packages. Tests go on: those that can't run are skipped, and said at the end. */
const consequences: Record<Purpose, string> = {
  demo: "the demo can't run without",
  test: "tests will be skipped for lack of",
  bench: "the benchmark can't run without",
};

function readRequirements(): Requirement[] {
  return JSON.parse(readFileSync(join(import.meta.dirname, "debian-packages.json"), "utf8")) as Requirement[];
}

function missingFor(purpose: Purpose): Requirement[] {
  return readRequirements().filter((one) => one.for.includes(purpose) && !findCommand(one.command));
}

const isRoot = (): boolean => process.geteuid?.() === 0;

/** The commands that install `packages`, as arguments; through sudo where we are not root. */
function installation(packages: readonly string[]): string[][] {
  const privilege = isRoot() ? [] : ["sudo"];
  // Without this, packages such as tshark stop to ask.
  const aptGet = [...privilege, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get"];
  return [
    [...aptGet, "update", "--quiet"],
    [...aptGet, "install", "--yes", "--quiet", "--no-install-recommends", ...packages],
  ];
}

function run(commands: readonly string[][]): boolean {
  return commands.every(([command = "", ...args]) => {
    // Standard output stays the script's own.
    return spawnSync(command, args, { stdio: ["inherit", process.stderr.fd, "inherit"] }).status === 0;
  });
}

async function ask(question: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = (await terminal.question(question)).trim().toLowerCase();
    return answer === "" || answer === "y" || answer === "yes";
  } catch {
    return false; // Ctrl-C or Ctrl-D is a no.
  } finally {
    terminal.close();
  }
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** Installs what is missing if it may; true if nothing is missing afterwards. */
async function provide(purpose: Purpose): Promise<boolean> {
  const missing = missingFor(purpose);
  if (missing.length === 0) return true;
  const packages = [...new Set(missing.map((one) => one.package))];
  const commands = installation(packages);
  const line = commands.map((command) => command.join(" ")).join(" && ");
  const hasAptGet = findCommand("apt-get") !== undefined;
  const mayInstall = hasAptGet && (isRoot() || findCommand("sudo") !== undefined);

  say(`${consequences[purpose]} ${missing.map((one) => one.command).join(", ")}`);
  if (mayInstall && process.env["CI"]) {
    run(commands);
  } else if (mayInstall && process.stdin.isTTY && process.stderr.isTTY) {
    say(`this installs them: ${line}`);
    if (await ask("run it now? [Y/n] ")) run(commands);
  } else if (hasAptGet) {
    say(`install them as root: apt-get install --no-install-recommends ${packages.join(" ")}`);
  } else {
    say(`install them with this system's package manager (Debian calls them ${packages.join(", ")})`);
  }
  return missingFor(purpose).length === 0;
}

/** How to run an npm script as root: sudo resets PATH, so a Node installed elsewhere has to be named. */
function asRoot(script: string): string {
  const npm = findCommand("npm") ?? "";
  const usual = ["/usr/local/sbin/", "/usr/local/bin/", "/usr/sbin/", "/usr/bin/", "/sbin/", "/bin/"];
  const isUsual = usual.some((directory) => npm === `${directory}npm`);
  const command = isUsual ? `npm run ${script}` : `env "PATH=$PATH" npm run ${script}`;
  return findCommand("sudo") ? `sudo ${command}` : `su -c '${command}'`;
}

async function main(): Promise<number> {
  const [purpose] = parseArgs({ allowPositionals: true }).positionals;
  const known = purposes.find((one) => one === purpose);
  if (!known) {
    say(`unknown purpose ${JSON.stringify(purpose ?? "")}`);
    say(`use one of ${purposes.join(", ")}`);
    return 2;
  }
  if (known !== "test" && !isRoot()) {
    say(`the ${known} makes network namespaces and TAP devices, which takes root`);
    say(`run it as root: ${asRoot(known)}`);
    return 1;
  }
  const complete = await provide(known);
  return complete || known === "test" ? 0 : 1;
}

process.exitCode = await main();
