import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { launcher, thisMachine } from "../../support/network/lab.ts";

describe("the laneway command on an older Node", () => {
  const pretence = 'Object.defineProperty(process.versions, "node", { value: "20.19.0" })';
  const old: [what: string, command: string, args: string[]][] = [
    [
      "one that only says that it is older",
      process.execPath,
      ["--import", `data:text/javascript,${pretence}`],
    ],
    ...["/usr/bin/node", "/usr/local/bin/node"]
      .filter(isOld)
      .map((node): (typeof old)[0] => [node, node, []]),
  ];

  it.each(old)("prints in one line what it needs (%s)", async (_what, command, args) => {
    const result = await thisMachine.exec(command, [...args, ...launcher.args, "relay"]);
    expect(result).toMatchObject({ code: 1, stdout: "" });
    expect(result.stderr).toMatch(/^laneway: [^\n]*Node 24[^\n]*\n$/);
  });

  function isOld(node: string): boolean {
    try {
      const version = execFileSync(node, ["--version"], { encoding: "utf8" });
      return Number(/^v(\d+)/.exec(version)?.[1]) < 24;
    } catch {
      return false;
    }
  }
});
