import { execFileSync } from "node:child_process";
import { availableParallelism, cpus, release } from "node:os";
import { join } from "node:path";
import type { Machine } from "../results/results.ts";

/** Describes this machine and the measured versions. */
export function thisMachine(run: Pick<Machine, "seconds" | "repetitions">): Machine {
  return {
    at: new Date().toISOString().replace(/\.\d+/, ""),
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    kernel: release().split("-", 1)[0] ?? "",
    node: process.versions.node,
    commit: commit(),
    ...run,
  };
}

function commit(): string {
  const git = (...args: string[]) =>
    execFileSync("git", args, { cwd: join(import.meta.dirname, "../../.."), encoding: "utf8" }).trim();
  try {
    return git("rev-parse", "--short", "HEAD") + (git("status", "--porcelain") === "" ? "" : "+");
  } catch {
    return "unknown"; // Not a checkout.
  }
}
