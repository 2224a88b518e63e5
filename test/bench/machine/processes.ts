// Reads the processor time and memory of processes from proc(5).
import { readdirSync, readFileSync } from "node:fs";

/** USER_HZ: the unit of processor time in /proc, the same on every architecture that Node runs on. */
const TICKS_PER_SECOND = 100;
const KTHREADD = 2;

/** Processes at one time, by pid. */
export type Processes = ReadonlyMap<number, Stat>;

interface Stat {
  readonly pid: number;
  readonly parent: number;
  /** Processor time of all its threads, in ticks. */
  readonly ticks: number;
  /** Processor time of its ended children, in ticks. */
  readonly ticksOfChildren: number;
}

/** Returns the seconds of processor time, in user and kernel mode, of all threads of these processes. */
export function cpuSeconds(pids: Iterable<number>): number {
  let ticks = 0;
  for (const pid of pids) ticks += stat(pid)?.ticks ?? 0;
  return ticks / TICKS_PER_SECOND;
}

/**
 * Returns the processes that disturb a measurement: all except the kernel's, `own`, and this process with its children.
 */
export function foreignProcesses(own: Iterable<number>): Processes {
  const all = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  const stats = all.map((name) => stat(Number(name))).filter((one) => one !== undefined);
  const parents = new Map(stats.map(({ pid, parent }) => [pid, parent]));
  const ours = new Set([process.pid, ...own]);
  const isOurs = (pid: number): boolean => {
    for (let at: number | undefined = pid; at !== undefined; at = parents.get(at))
      if (ours.has(at)) return true;
    return false;
  };
  const foreign = stats.filter(({ pid, parent }) => pid !== KTHREADD && parent !== KTHREADD && !isOurs(pid));
  return new Map(foreign.map((one) => [one.pid, one]));
}

/** Returns the seconds of processor time between two samples, including processes that started or ended meanwhile. */
export function secondsBetween(before: Processes, after: Processes): number {
  // A process that ends adds all its time, with that of its own children, to its parent's count of children.
  const inherited = new Map<number, number>();
  for (const one of before.values()) {
    if (after.has(one.pid)) continue;
    let heir: number | undefined = one.parent;
    while (heir !== undefined && !after.has(heir)) heir = before.get(heir)?.parent;
    if (heir !== undefined) {
      inherited.set(heir, (inherited.get(heir) ?? 0) + one.ticks + one.ticksOfChildren);
    }
  }
  let ticks = 0;
  for (const { pid, ticks: own, ticksOfChildren } of after.values()) {
    const then = before.get(pid);
    ticks += own - (then?.ticks ?? 0);
    const ofChildren = ticksOfChildren - (then?.ticksOfChildren ?? 0) - (inherited.get(pid) ?? 0);
    ticks += Math.max(0, ofChildren);
  }
  return ticks / TICKS_PER_SECOND;
}

/**
 * Returns the seconds of processor time that the host gave to other machines while a process here was ready (steal).
 */
export function stolenSeconds(): number {
  const [, ticks] = /^cpu +(?:\d+ +){7}(\d+)/.exec(readFileSync("/proc/stat", "utf8")) ?? [];
  return Number(ticks ?? 0) / TICKS_PER_SECOND;
}

/** Returns the resident memory of a process in bytes. */
export function residentBytes(pid: number): number {
  const [, kib] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  if (kib === undefined) throw new Error(`process ${pid} has ended`);
  return Number(kib) * 1024;
}

function stat(pid: number): Stat | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    return undefined; // It has ended.
  }
  // Skips to field 3, because the command before it may contain spaces and parentheses.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const number = (field: number): number => Number(fields[field - 3]);
  return {
    pid,
    parent: number(4),
    ticks: number(14) + number(15),
    ticksOfChildren: number(16) + number(17),
  };
}
