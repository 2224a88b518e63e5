import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const repository = join(import.meta.dirname, "../..");

/** Separate test files, run by their own vitest with this reporter after the default one. */
let directory: string;
beforeEach(() => {
  // Inside the repository, so that vitest is found, but apart from the repository's own tests.
  directory = mkdtempSync(join(repository, ".reporter-test-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

function run(tests: Record<string, string>): { status: number | null; lines: string[] } {
  for (const [name, body] of Object.entries(tests)) {
    writeFileSync(join(directory, name), `import { beforeAll, describe, it } from "vitest";\n${body}\n`);
  }
  writeFileSync(
    join(directory, "vitest.config.ts"),
    `export default { test: { include: ["*.test.ts"], reporters: ["default", "${repository}/test/support/reporter.ts"] } };`,
  );
  const vitest = join(repository, "node_modules/vitest/vitest.mjs");
  const { status, stdout } = spawnSync(process.execPath, [vitest, "run", "--root", directory], {
    encoding: "utf8",
    env: { PATH: process.env["PATH"] },
  });
  return { status, lines: stdout.trimEnd().split("\n") };
}

describe("the reporter's last line", () => {
  it("counts what passed and what was skipped, which it names", () => {
    const { status, lines } = run({
      "a.test.ts": `it("one", () => {}); it("two", () => {}); describe.skip("later", () => { it("three", () => {}); });`,
    });
    expect(status).toBe(0);
    expect(lines.slice(-3)).toEqual([
      "skipped in a.test.ts:",
      "  later > three",
      "2 passed, 0 failed, 1 skipped",
    ]);
  });

  it("reports which missing requirements skipped tests", () => {
    const { lines } = run({
      "a.test.ts": `import { requires } from "${repository}/test/support/requirements.ts";
        describe.runIf(requires("no-such-command"))("it", () => { it("works", () => {}); });`,
    });
    expect(lines.slice(-3)).toEqual([
      "skipped in a.test.ts, for lack of no-such-command:",
      "  it > works",
      "0 passed, 0 failed, 1 skipped",
    ]);
  });

  it("counts failed tests, failed files, failed hooks and errors outside tests as failed", () => {
    const { status, lines } = run({
      "test.test.ts": `it("fails", () => { throw new Error("no"); }); it("passes", () => {});`,
      "file.test.ts": `throw new Error("no");`,
      "hook.test.ts": `describe("it", () => { beforeAll(() => { throw new Error("no"); }); it("is not run", () => {}); });`,
      "outside.test.ts": `it("passes", async () => {
        setTimeout(() => { throw new Error("no"); });
        await new Promise((resolve) => setTimeout(resolve, 100));
      });`,
    });
    expect(status).toBe(1);
    expect(lines.at(-1)).toBe("2 passed, 4 failed, 1 skipped");
  });

  it("does not call a run without tests a success", () => {
    const { status, lines } = run({});
    expect(status).toBe(1);
    expect(lines.at(-1)).toBe("0 passed, 1 failed, 0 skipped");
  });
});
