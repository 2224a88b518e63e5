import { describe, expect, it } from "vitest";
import { JobRun } from "../../../../desktop/renderer/state/job-run.ts";
import { BridgeDouble } from "../double/bridge-double.ts";
import { CONNECTED, everyday, step } from "../double/scene.ts";

const network = "n-lan";

describe("a job", () => {
  it("accepts events that overtake the answer with the job's ID, and ignores other jobs", async () => {
    const bridge = new BridgeDouble(everyday());
    const run = new JobRun(bridge);
    const started = run.start("doctor", { network });
    bridge.emit("progress", { job: "job-9", step: step("dns", "pass") });
    bridge.emit("progress", { job: "job-1", step: step("tap", "pass") });
    bridge.emit("done", { job: "job-1", outcome: "ok", error: null });
    expect(run.state.value).toBe("starting");
    await started;
    expect(run.steps.value.map(({ id }) => id)).toEqual(["tap"]);
    expect(run.state.value).toBe("ok");
  });

  it("can be cancelled before its ID is known", async () => {
    const bridge = new BridgeDouble(everyday());
    const run = new JobRun(bridge);
    const started = run.start("doctor", { network });
    await run.cancel();
    await started;
    expect(bridge.calls.map(({ method }) => method)).toEqual(["doctor", "cancel"]);
  });

  it("replaces a step by its newer state", async () => {
    const bridge = new BridgeDouble(everyday());
    const run = new JobRun(bridge);
    await run.start("doctor", { network });
    for (const state of ["running", "fail"] as const)
      bridge.emit("progress", { job: "job-1", step: step("tap", state) });
    bridge.emit("progress", { job: "job-1", step: step("dns", "skipped") });
    expect(run.steps.value.map(({ id, state }) => [id, state])).toEqual([
      ["tap", "fail"],
      ["dns", "skipped"],
    ]);
  });

  it("fails with the reason if it can't start, and can be started again", async () => {
    const bridge = new BridgeDouble(everyday());
    const run = new JobRun(bridge);
    const problem = { code: "job.too-many", message: "8 jobs run already", hint: "Cancel one." };
    bridge.refuse("doctor", problem);
    await run.start("doctor", { network });
    expect([run.state.value, run.problem.value]).toEqual(["failed", problem]);
    bridge.refuse("doctor", null);
    await run.start("doctor", { network });
    expect([run.state.value, run.problem.value]).toEqual(["running", undefined]);
  });

  it("ends with the connection to the agent", async () => {
    const bridge = new BridgeDouble(everyday());
    const run = new JobRun(bridge);
    await run.start("doctor", { network });
    bridge.emit("app.agent", { ...CONNECTED, state: "connecting" });
    expect(run.state.value).toBe("cancelled");
  });
});
