import { existsSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { laneway } from "../../support/network/lab.ts";

describe("laneway service", () => {
  it("prints the unit without installing it", async () => {
    const { code, stdout, stderr } = await laneway(["service", "install", "--dry-run"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^ExecStart=\/.*node.* \/.*laneway\.js"? agent$/m);
    expect(stdout).toMatch(/^User=laneway$/m);
  });

  describe.runIf(!existsSync("/run/systemd/system"))("where systemd does not run the machine", () => {
    it.each(["install", "uninstall", "status"])("says so: %s", async (what) => {
      const { code, stdout, stderr } = await laneway(["service", what]);
      expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
      expect(stderr).toMatch(/^laneway: this machine does not run systemd.*\n {2}.*laneway agent.*\n$/);
    });
  });
});
