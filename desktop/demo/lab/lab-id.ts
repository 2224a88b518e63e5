import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";

/**
 * A lab's name, which begins the names of everything it makes: `lw<pid>x<start>x<random>`. `start` is the creator's
 * start time, so that a process that reuses a dead creator's pid is not mistaken for it.
 */
const pattern = /^lw(\d+)x([0-9a-z]+)x[0-9a-z]+/;

/** Returns a unique name for a lab of this process. */
export function createLabId(): string {
  return `lw${process.pid}x${startOf(process.pid) ?? "0"}x${randomBytes(3).toString("hex")}`;
}

/** Returns whether `name`, of a namespace or directory, belongs to a lab whose creator is gone. */
export function isAbandoned(name: string): boolean {
  const match = pattern.exec(name);
  return match !== null && startOf(Number(match[1])) !== match[2];
}

/** Returns the ID at the start of `name`, or undefined if it is not a lab's. */
export function labIdOf(name: string): string | undefined {
  return pattern.exec(name)?.[0];
}

/** Returns whether a process runs; a zombie does not. */
export function isRunning(pid: number): boolean {
  return startOf(pid) !== undefined;
}

/**
 * Returns a process's start time, in clock ticks since boot in base 36 (proc(5), /proc/pid/stat field 22); undefined if
 * it is gone.
 */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // Field 2, the command in parentheses, may itself contain spaces and parentheses.
    const [state, ...rest] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    // A zombie neither creates nor removes anything.
    return state === "Z" || state === "X" ? undefined : Number(rest[18]).toString(36);
  } catch {
    return undefined;
  }
}
