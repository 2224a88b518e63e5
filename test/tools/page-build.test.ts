import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";

/** A checkout without development dependencies. */
const folder = mkdtempSync(join(tmpdir(), "laneway-page-"));
mkdirSync(join(folder, "tools"));
copyFileSync(join(import.meta.dirname, "../../tools/page-build.js"), join(folder, "tools/page-build.mjs"));
afterAll(() => rmSync(folder, { recursive: true }));

const build = (...args: string[]) => {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(folder, "tools/page-build.mjs"), ...args],
    { encoding: "utf8" },
  );
  return { status, output: stdout + stderr };
};

it("builds nothing and says nothing on an installation without vite", () => {
  expect(build("--if-possible")).toEqual({ status: 0, output: "" });
});

it("says what is missing when it is asked to build", () => {
  expect(build()).toEqual({ status: 1, output: expect.stringContaining("npm ci") });
});
