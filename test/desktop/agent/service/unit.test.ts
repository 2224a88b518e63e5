import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { unitText } from "../../../../desktop/agent/service/unit.ts";
import { requires } from "../../../support/requirements.ts";

const run = promisify(execFile);

describe("the agent's unit", () => {
  it("runs the command that it is given, whatever is in its path", () => {
    const start = (...command: string[]) => /^ExecStart=(.*)$/m.exec(unitText(command))?.[1];
    expect(start("/usr/bin/node", "/opt/laneway/bin/laneway.js")).toBe(
      "/usr/bin/node /opt/laneway/bin/laneway.js agent",
    );
    expect(start("/opt/100% mine/$node")).toBe('"/opt/100%% mine/$$node" agent');
  });

  it("has the one capability, and leaves V8 its own code", () => {
    const text = unitText(["/usr/bin/node"]);
    expect(text).toMatch(/^AmbientCapabilities=CAP_NET_ADMIN$/m);
    expect(text).toMatch(/^CapabilityBoundingSet=CAP_NET_ADMIN$/m);
    expect(text).not.toMatch(/^MemoryDenyWriteExecute/m);
  });
});

describe.runIf(requires("systemd-analyze"))("the agent's unit, as systemd sees it", () => {
  let directory: string;
  let file: string;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "laneway-unit-"));
    file = join(directory, "laneway.service");
    await writeFile(file, unitText([process.execPath, "/usr/bin/env"]));
  });
  afterAll(() => rm(directory, { recursive: true }));

  it("is without fault", async () => {
    const { stdout, stderr } = await run("systemd-analyze", ["verify", file]);
    expect(stdout + stderr).toBe("");
  });

  it("is exposed to little", async () => {
    const { stdout } = await run("systemd-analyze", ["security", "--offline=true", "--no-pager", file]);
    const exposure = /Overall exposure level for laneway\.service: (\d+\.\d+)/.exec(stdout)?.[1];
    expect(Number(exposure)).toBeLessThanOrEqual(2.5);
  });
});
