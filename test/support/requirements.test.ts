import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { MISSING_FILE_VARIABLE, requires } from "./requirements.ts";

describe("what a test requires", () => {
  let directory: string;
  let file: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "laneway-requirements-"));
    file = join(directory, "missing.jsonl");
    vi.stubEnv(MISSING_FILE_VARIABLE, file);
    vi.stubEnv("CI", undefined);
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    rmSync(directory, { recursive: true });
  });

  it("is met by a command on PATH", () => {
    expect(requires("sh")).toBe(true);
  });

  it("is not met if one of the names is missing, which is written down for the reporter", () => {
    expect(requires("sh", "no-such-command", "nor-this")).toBe(false);
    expect(JSON.parse(readFileSync(file, "utf8"))).toEqual({
      test: import.meta.filename,
      missing: ["no-such-command", "nor-this"],
    });
  });

  it("fails in CI, where nothing may be skipped", () => {
    vi.stubEnv("CI", "true");
    expect(() => requires("no-such-command")).toThrow(
      "test/support/requirements.test.ts needs what this machine lacks: no-such-command",
    );
  });

  it("includes being root", () => {
    expect(requires("root")).toBe(process.geteuid?.() === 0);
  });
});
