// Reports at the end of a run what was skipped and why, and a summary in one line for programs.
import { mkdtempSync, readFileSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Reporter, SerializedError, TestModule, TestRunEndReason } from "vitest/node";
import { MISSING_FILE_VARIABLE, type MissingRecord } from "./requirements.ts";

type Sums = { passed: number; failed: number; skipped: number };

export default class SummaryReporter implements Reporter {
  #directory: string | undefined;
  #summary = "";

  onInit(): void {
    this.#directory = mkdtempSync(join(tmpdir(), "laneway-test-"));
    // Test files run in their own processes, which inherit this.
    process.env[MISSING_FILE_VARIABLE] = join(this.#directory, "missing.jsonl");
    // On exit, because the line must be the last, after other reporters' output.
    process.once("exit", () => {
      if (this.#directory) rmSync(this.#directory, { recursive: true, force: true });
      if (this.#summary) writeSync(process.stdout.fd, this.#summary);
    });
  }

  onTestRunEnd(
    modules: readonly TestModule[],
    unhandled: readonly SerializedError[],
    reason: TestRunEndReason,
  ): void {
    const sums = count(modules, unhandled);
    // The run failed as a whole, for example because it has no tests.
    if (reason !== "passed" && sums.failed === 0) sums.failed = 1;
    const lines = [...skippedLines(modules, this.#missing())];
    lines.push(`${sums.passed} passed, ${sums.failed} failed, ${sums.skipped} skipped`);
    this.#summary = `${lines.join("\n")}\n`;
  }

  /** Returns what each test file lacked, by its path. */
  #missing(): Map<string, Set<string>> {
    const missing = new Map<string, Set<string>>();
    for (const line of readLines(process.env[MISSING_FILE_VARIABLE])) {
      const record = JSON.parse(line) as MissingRecord;
      const names = missing.get(record.test) ?? new Set();
      for (const name of record.missing) names.add(name);
      missing.set(record.test, names);
    }
    return missing;
  }
}

function readLines(path: string | undefined): string[] {
  if (path === undefined) return [];
  try {
    return readFileSync(path, "utf8").split("\n").filter(Boolean);
  } catch {
    return []; // Never written: nothing was missing.
  }
}

/** Counts results. Files that could not be loaded, failed hooks and unhandled errors count as failed too. */
function count(modules: readonly TestModule[], unhandled: readonly SerializedError[]): Sums {
  const sums = { passed: 0, failed: unhandled.length, skipped: 0 };
  for (const module of modules) {
    if (module.errors().length > 0) sums.failed += 1;
    for (const suite of module.children.allSuites()) if (suite.errors().length > 0) sums.failed += 1;
    for (const test of module.children.allTests()) {
      const { state } = test.result();
      // A test that was never reached has not passed.
      sums[state === "pending" ? "failed" : state] += 1;
    }
  }
  return sums;
}

function* skippedLines(modules: readonly TestModule[], missing: Map<string, Set<string>>): Generator<string> {
  for (const module of modules) {
    const tests = [...module.children.allTests("skipped")];
    if (tests.length === 0) continue;
    const names = missing.get(module.moduleId);
    yield `skipped in ${module.relativeModuleId}${names ? `, for lack of ${[...names].join(", ")}` : ""}:`;
    for (const test of tests) yield `  ${test.fullName}`;
  }
}
