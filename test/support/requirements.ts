// The requirements of a test, and whether this machine meets them.
import { spawnSync } from "node:child_process";
import { appendFileSync, closeSync, constants, openSync } from "node:fs";
import { createRequire } from "node:module";
import { join, relative } from "node:path";
import { findCommand, isExecutable, SYSTEM_DIRECTORIES } from "../../tools/find-command.ts";

/**
 * Variable with the file, if any, to which each unmet requirement is appended as a JSON line; the reporter reads it.
 */
export const MISSING_FILE_VARIABLE = "LANEWAY_TEST_MISSING";

/** One line of that file: `test` is the absolute path of the test file, `missing` its unmet requirements. */
export type MissingRecord = { test: string; missing: string[] };

const repository = join(import.meta.dirname, "../..");

const special = new Map<string, () => boolean>([
  ["root", () => process.geteuid?.() === 0],
  ["tun", canOpenTun],
  ["netns", canMakeNamespaces],
  ["tuntap2", canLoadTuntap2],
  ["deno", () => isExecutable(join(repository, "node_modules/.bin/deno"))],
]);

function canOpenTun(): boolean {
  try {
    // Opening fails if the device node exists but the kernel has no driver.
    closeSync(openSync("/dev/net/tun", constants.O_RDWR));
    return true;
  } catch {
    return false;
  }
}

function canMakeNamespaces(): boolean {
  // In an anonymous namespace, which vanishes with its process; a host behind a NAT needs veth and nftables.
  const attempt = "ip link add type veth && nft add table ip attempt";
  const environment = {
    ...process.env,
    PATH: `${process.env["PATH"] ?? ""}:${SYSTEM_DIRECTORIES.join(":")}`,
  };
  const { status } = spawnSync("unshare", ["--net", "--mount", "sh", "-c", attempt], {
    env: environment,
    stdio: "ignore",
  });
  return status === 0;
}

function canLoadTuntap2(): boolean {
  try {
    createRequire(import.meta.url)("tuntap2");
    return true;
  } catch {
    return false;
  }
}

const known = new Map<string, boolean>();

function isMet(name: string): boolean {
  const cached = known.get(name);
  if (cached !== undefined) return cached;
  const probe = special.get(name);
  const met = probe ? probe() : findCommand(name) !== undefined;
  known.set(name, met);
  return met;
}

/**
 * Returns whether this machine has all of `names`: commands on PATH, or `root`, `tun` (the TUN/TAP driver), `netns`
 * (network namespaces with veth and nftables), `tuntap2` (the optional package, built) and `deno`. For
 * `describe.runIf(requires("tshark"))`: the end of the run reports what is missing.
 *
 * @throws Error in CI (the variable `CI` is set), where nothing may be skipped.
 */
export function requires(...names: string[]): boolean {
  const missing = names.filter((name) => !isMet(name));
  if (missing.length === 0) return true;
  const test = callingTest();
  if (process.env["CI"])
    throw new Error(`${relative(repository, test)} needs what this machine lacks: ${missing.join(", ")}`);
  const file = process.env[MISSING_FILE_VARIABLE];
  if (file) appendFileSync(file, `${JSON.stringify({ test, missing } satisfies MissingRecord)}\n`);
  return false;
}

/** Returns the test file being collected: the outermost one on the stack. */
export function callingTest(): string {
  const frames = (new Error().stack ?? "").split("\n");
  const frame = frames.findLast((line) => line.includes(".test.ts"));
  const path = frame?.match(/(?:file:\/\/)?(\/[^\s()]*\.test\.ts)/)?.[1];
  return path ?? "a test";
}
