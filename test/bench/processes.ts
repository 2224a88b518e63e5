// What processes use, from proc(5).
import { readdirSync, readFileSync } from "node:fs";

/** USER_HZ: what /proc counts processor time in, the same on every architecture that Node runs on. */
const TICKS_PER_SECOND = 100;
const KTHREADD = 2;

/** Processes at one time, by pid. */
export type Processes = ReadonlyMap<number, Stat>;

interface Stat {
  readonly pid: number;
  readonly parent: number;
  /** Processor time of all its threads, in ticks. */
  readonly ticks: number;
  /** The same of its children that have ended. */
  readonly ticksOfChildren: number;
}

/** Seconds of processor time, in user and kernel mode, of all threads of these processes. */
export function cpuSeconds(pids: Iterable<number>): number {
  let ticks = 0;
  for (const pid of pids) ticks += stat(pid)?.ticks ?? 0;
  return ticks / TICKS_PER_SECOND;
}

/** All that is neither of the kernel, nor in `own`, nor this process or what it started: what disturbs a measurement. */
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

/** Seconds of processor time that processes used between two looks, those included that came or ended meanwhile. */
export function secondsBetween(before: Processes, after: Processes): number {
  // Who ends leaves its time, with that of its own children, to its parent's count of children: all of it, also what
  // it had used before.
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

/** Seconds of processor time that this machine's host has given to others while something here would have run (steal). */
export function stolenSeconds(): number {
  const [, ticks] = /^cpu +(?:\d+ +){7}(\d+)/.exec(readFileSync("/proc/stat", "utf8")) ?? [];
  return Number(ticks ?? 0) / TICKS_PER_SECOND;
}

/** Bytes of memory that a process has resident. */
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
  // From field 3 on: the command before it may itself hold spaces and parentheses.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const number = (field: number): number => Number(fields[field - 3]);
  return {
    pid,
    parent: number(4),
    ticks: number(14) + number(15),
    ticksOfChildren: number(16) + number(17),
  };
}
