import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { ALL } from "../../bin/main.ts";
import { overview } from "../../desktop/cli/overview.ts";

const LANEWAY = new URL("../../bin/laneway.js", import.meta.url).pathname;

describe("the list of commands", () => {
  it.each(ALL)("says of '$usage' what the command says of itself", async ({ usage, load }) => {
    const loaded = [await load()].flat();
    const terms = loaded.map((command) => command.createHelp().subcommandTerm(command));
    expect(terms).toContain(usage);
  });

  it("is what --help prints, at 80 columns where there is no terminal", () => {
    const printed = execFileSync(process.execPath, [LANEWAY, "--help"], { encoding: "utf8" });
    expect(printed).toBe(overview(ALL, 80));
    expect(Math.max(...printed.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
    for (const { summary } of ALL) expect(printed.replaceAll(/\s+/g, " ")).toContain(summary);
  });

  it.each([
    [["--version"], /^\d+\.\d+\.\d+\n$/],
    [["help", "up"], /^Usage: laneway up/],
    [["up", "--help"], /^Usage: laneway up/],
  ])("answers %j", (args, expected) => {
    expect(execFileSync(process.execPath, [LANEWAY, ...args], { encoding: "utf8" })).toMatch(expected);
  });
});
