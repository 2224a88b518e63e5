import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import { createLabId, isRunning } from "../../../../desktop/demo/lab/lab-id.ts";
import { labDirectory, remainsOf, removeLab, sweepLabs } from "../../../../desktop/demo/lab/remove-lab.ts";
import { mustRun } from "../../../../desktop/demo/lab/run-command.ts";
import { hasLab } from "../../../support/network/lab.ts";

/** Makes the remains of a lab with that ID: a namespace with a process, and a directory. Resolves to the process. */
async function makeRemains(id: string): Promise<number> {
  onTestFinished(() => removeLab(id));
  await mustRun("ip", ["netns", "add", `${id}-wan`]);
  mkdirSync(labDirectory(id));
  const child = spawn("ip", ["netns", "exec", `${id}-wan`, "sh", "-c", "echo up; exec sleep 1000"]);
  await once(child.stdout, "data");
  return child.pid ?? 0;
}

/** Waits for an event that is sure to come at an unknown time. */
async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await delay(50);
}

describe.runIf(hasLab())("sweeping up", () => {
  it("removes the remains of a lab whose creator is dead", async () => {
    const dead = spawnSync("true").pid;
    const id = createLabId().replace(/^lw\d+/, `lw${dead}`);
    const pid = await makeRemains(id);
    await sweepLabs();
    expect(await remainsOf(id)).toEqual([]);
    await until(() => !isRunning(pid));
  });

  it("recognises another process with the creator's pid", async () => {
    const id = createLabId().replace(/x[0-9a-z]+x/, "x1x");
    await makeRemains(id);
    await sweepLabs();
    expect(await remainsOf(id)).toEqual([]);
  });

  it("keeps a lab whose creator is alive", async () => {
    const id = createLabId();
    const pid = await makeRemains(id);
    await sweepLabs();
    expect(await remainsOf(id)).toEqual([`${id}-wan`, labDirectory(id)]);
    expect(isRunning(pid)).toBe(true);
  });
});

describe.runIf(hasLab())("a creator killed by SIGKILL", () => {
  it("leaves nothing, without sweeping", async () => {
    const script = `
      const { Lab } = await import("./desktop/demo/lab/lab.ts");
      const lab = await Lab.create();
      const { host } = await lab.addSite("alice");
      const child = host.spawn("sleep", ["1000"], { stdio: "ignore" });
      console.log(lab.id + " " + child.pid);
      setInterval(() => {}, 1000);`;
    const creator = spawn(process.execPath, ["--input-type=module", "-e", script], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [line] = (await once(createInterface({ input: creator.stdout }), "line")) as [string];
    const [id = "", pid] = line.split(" ");
    expect(await remainsOf(id)).toHaveLength(4);
    creator.kill("SIGKILL");
    await until(async () => (await remainsOf(id)).length === 0 && !isRunning(Number(pid)));
  });
});
