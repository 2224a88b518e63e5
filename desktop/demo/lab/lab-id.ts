import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";

/**
 * A lab's name, from which everything it makes is named: `lw<pid>x<start>x<random>`, where `start` is when the
 * creator started, so that a process that got a dead one's pid is not taken for it.
 */
const pattern = /^lw(\d+)x([0-9a-z]+)x[0-9a-z]+/;

/** A name for a lab that this process makes; no other lab has it. */
export function createLabId(): string {
  return `lw${process.pid}x${startOf(process.pid) ?? "0"}x${randomBytes(3).toString("hex")}`;
}

/** Whether `name`, of a namespace or directory, is of a lab whose creator is gone. */
export function isAbandoned(name: string): boolean {
  const match = pattern.exec(name);
  return match !== null && startOf(Number(match[1])) !== match[2];
}

/** The id that `name` begins with, or undefined if it is no lab's. */
export function labIdOf(name: string): string | undefined {
  return pattern.exec(name)?.[0];
}

/** Whether a process runs; a zombie does not. */
export function isRunning(pid: number): boolean {
  return startOf(pid) !== undefined;
}

/** When a process started, in clock ticks since boot in base 36 (proc(5), /proc/pid/stat field 22); undefined if it is gone. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // Field 2, the command in parentheses, may itself hold spaces and parentheses.
    const [state, ...rest] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    // A zombie makes and cleans up nothing any more.
    return state === "Z" || state === "X" ? undefined : Number(rest[18]).toString(36);
  } catch {
    return undefined;
  }
}
