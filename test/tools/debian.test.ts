import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findCommand } from "../../tools/find-command.ts";
import { requires } from "../requirements.ts";

const script = join(import.meta.dirname, "../../tools/debian.ts");
const packages = JSON.parse(
  readFileSync(join(import.meta.dirname, "../../tools/debian-packages.json"), "utf8"),
) as { command: string; package: string; for: string[] }[];

/** A machine on which only some commands are there: a PATH of one directory. */
let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "laneway-debian-"));
  for (const command of ["env", "sh"]) provide(command, findCommand(command) ?? "");
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function provide(command: string, target = "/bin/true"): void {
  symlinkSync(target, join(directory, command));
}

/** A stand-in for apt-get, since the real one would change this machine; it writes down what it was told. */
function provideAptGet(): string {
  const log = join(directory, "apt-get.log");
  writeFileSync(join(directory, "apt-get"), `#!/bin/sh\necho "$DEBIAN_FRONTEND $*" >> ${log}\n`);
  chmodSync(join(directory, "apt-get"), 0o755);
  return log;
}

function run(purpose: string, env: Record<string, string> = {}): { status: number | null; said: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, purpose], {
    encoding: "utf8",
    env: { PATH: directory, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  return { status, said: stdout + stderr };
}

/** Not in /usr/sbin either, which is looked through whatever PATH says. */
function absent(purpose: string): { command: string; package: string }[] {
  return packages.filter(
    ({ command, for: purposes }) =>
      purposes.includes(purpose) && !/^\/(usr\/)?sbin\//.test(findCommand(command) ?? "/usr/sbin/gone"),
  );
}

describe("the look for Debian packages", () => {
  it("refuses a purpose it does not know", () => {
    expect(run("party")).toEqual({
      status: 2,
      said: 'unknown purpose "party"\nuse one of demo, test, bench\n',
    });
  });

  it("names what is missing and the line that installs it, and lets the tests go on", () => {
    provideAptGet();
    const { status, said } = run("test");
    expect(status).toBe(0);
    for (const { command } of absent("test")) expect(said.split("\n")[0]).toContain(command);
    expect(said).toMatch(/^install them as root: apt-get install --no-install-recommends .*tshark/m);
  });

  it("names the packages where there is no apt-get", () => {
    expect(run("test").said).toMatch(/^install them with this system's package manager \(.*tshark.*\)$/m);
  });
});

describe.runIf(requires("root", "netns"))("the look for Debian packages, as root", () => {
  it("says nothing when all is there", () => {
    for (const { command } of packages) provide(command);
    expect(run("demo")).toEqual({ status: 0, said: "" });
    expect(run("test")).toEqual({ status: 0, said: "" });
  });

  it("stops the demo for what it can't do without", () => {
    for (const { command } of packages) if (command !== "iperf3") provide(command);
    provideAptGet();
    const { status, said } = run("demo");
    expect(status).toBe(1);
    expect(said).toBe(
      "the demo can't run without iperf3\ninstall them as root: apt-get install --no-install-recommends iperf3\n",
    );
  });

  it("installs nothing without asking, outside CI", () => {
    const log = provideAptGet();
    run("test");
    expect(() => readFileSync(log)).toThrow("ENOENT");
  });

  it("installs what is missing without asking in CI", () => {
    const log = provideAptGet();
    run("test", { CI: "true" });
    const [update, install] = readFileSync(log, "utf8").split("\n");
    expect(update).toBe("noninteractive update --quiet");
    expect(install).toMatch(/^noninteractive install --yes --quiet --no-install-recommends .*tshark/);
  });

  it("asks for root before it would install anything for the demo", () => {
    // In a user namespace of its own, it is nobody.
    const { status, stderr } = spawnSync("unshare", ["--user", process.execPath, script, "demo"], {
      encoding: "utf8",
    });
    expect(status).toBe(1);
    expect(stderr).toMatch(/^the demo makes .* takes root\nrun it as root: .*npm run demo/);
  });
});
