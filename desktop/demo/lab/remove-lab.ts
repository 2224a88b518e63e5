import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isAbandoned, labIdOf } from "./lab-id.ts";
import { environment, mustRun } from "./run-command.ts";

/** Where `ip netns` keeps its names (ip-netns(8)). */
const NAMESPACES = "/run/netns";

/**
 * Removes all that a lab made: every process in its namespaces, the namespaces with their interfaces, its directory. $1
 * is the lab's ID, $2 its directory. A shell script, because it must outlive the process that made the lab.
 */
const REMOVE = `
for namespace in ${NAMESPACES}/"$1"-*; do
  [ -e "$namespace" ] || continue
  name=\${namespace##*/}
  for attempt in 1 2 3 4 5; do
    pids=$(ip netns pids "$name" 2>/dev/null)
    [ -n "$pids" ] || break
    kill -KILL $pids 2>/dev/null
    sleep 0.1
  done
  ip netns delete "$name" 2>/dev/null
done
rm -rf "$2"
`;

/** Waits for the end of its standard input, which the creator holds open until it is gone, even by SIGKILL. */
const GUARD = `
trap '' INT TERM HUP
while read -r line; do :; done
${REMOVE}`;

/** Returns the directory of a lab's files: data of relays, credentials. */
export function labDirectory(id: string): string {
  return join(tmpdir(), id);
}

/** Removes everything a lab made, at once. */
export async function removeLab(id: string): Promise<void> {
  await mustRun("sh", ["-c", REMOVE, "remove-lab", id, labDirectory(id)]);
}

/**
 * Starts a process that removes everything the lab made as soon as this process is gone, even by SIGKILL. It does not
 * keep this process alive. Closing its standard input ends it.
 */
export function startGuard(id: string): ChildProcess {
  const guard = spawn("sh", ["-c", GUARD, "laneway-lab-guard", id, labDirectory(id)], {
    // In its own session, so that Ctrl-C on the terminal does not reach it.
    detached: true,
    cwd: "/",
    env: environment(),
    stdio: ["pipe", "ignore", "ignore"],
  });
  guard.unref();
  if (guard.stdin && "unref" in guard.stdin && typeof guard.stdin.unref === "function") guard.stdin.unref();
  return guard;
}

/** Removes the remains of labs whose creator is gone and whose guard did not remove them. */
export async function sweepLabs(): Promise<void> {
  const names = [...(await list(NAMESPACES)), ...(await list(tmpdir()))];
  const abandoned = names.filter(isAbandoned).map(labIdOf);
  for (const id of new Set(abandoned)) if (id !== undefined) await removeLab(id);
}

/** Returns the namespaces and the directory of a lab. */
export async function remainsOf(id: string): Promise<string[]> {
  const namespaces = (await list(NAMESPACES)).filter((name) => name.startsWith(`${id}-`));
  return existsSync(labDirectory(id)) ? [...namespaces, labDirectory(id)] : namespaces;
}

async function list(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch {
    return []; // No namespace was ever made here.
  }
}
