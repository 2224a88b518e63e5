import { describe, expect, it } from "vitest";
import { type Check, type Finding, runChecks } from "../../../../desktop/agent/diagnostics/checks.ts";
import type { Step } from "../../../../desktop/rpc/shapes.ts";

const never = new AbortController().signal;

function check(id: string, state: Finding["state"], ...needs: string[]): Check {
  return { id, needs, run: () => ({ state, detail: `${id} was looked at` }) };
}

async function run(checks: Check[], signal = never) {
  const steps: Step[] = [];
  const passed = await runChecks(checks, (step) => steps.push(step), signal);
  return { passed, steps, shown: steps.map(({ id, state }) => `${id} ${state}`) };
}

describe("ordered checks", () => {
  it("report their start and their end", async () => {
    const { passed, shown } = await run([check("a", "pass"), check("b", "skipped", "a")]);
    expect(shown).toEqual(["a running", "a pass", "b running", "b skipped"]);
    expect(passed).toBe(true);
  });

  it("skip checks that depend on a failed one, name it, and continue with the rest", async () => {
    const checks = [check("a", "fail"), check("b", "pass", "a"), check("c", "pass", "b"), check("d", "pass")];
    const { passed, steps } = await run(checks);
    const ended = steps.filter(({ state }) => state !== "running");
    expect(ended.map(({ id, state, detail }) => [id, state, detail])).toEqual([
      ["a", "fail", "a was looked at"],
      ["b", "skipped", "not tried, because 'a' failed"],
      ["c", "skipped", "not tried, because 'a' failed"],
      ["d", "pass", "d was looked at"],
    ]);
    expect(passed).toBe(false);
  });

  it("run after a check that was skipped for its own reasons", async () => {
    expect((await run([check("a", "skipped"), check("b", "pass", "a")])).shown).toContain("b pass");
  });

  it("end when they are cancelled", async () => {
    const cancel = new AbortController();
    const cancelling: Check = {
      id: "a",
      run: () => {
        cancel.abort(new Error("enough"));
        return { state: "pass", detail: "" };
      },
    };
    await expect(run([cancelling, check("b", "pass")], cancel.signal)).rejects.toThrow("enough");
  });
});
