import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  globSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findCommand } from "../../tools/find-command.ts";
import { requires } from "../support/requirements.ts";

const ROOT = join(import.meta.dirname, "../..");
const script = join(ROOT, "tools/debian.ts");
const packages = JSON.parse(readFileSync(join(ROOT, "tools/debian-packages.json"), "utf8")) as {
  command: string;
  package: string;
  for: string[];
}[];

/** A machine on which only some commands are there: a PATH of one directory. */
let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "laneway-debian-"));
  chmodSync(directory, 0o755);
  for (const command of ["env", "sh"]) provide(command, findCommand(command) ?? "");
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function provide(command: string, target = "/bin/true"): void {
  symlinkSync(target, join(directory, command));
}

/** A stand-in for apt-get, since the real one would change this machine: writes down what it is told, and provides commands. */
function provideAptGet({
  exitCode = 0,
  has = [],
}: {
  exitCode?: number;
  has?: readonly string[];
} = {}): string {
  const log = join(directory, "apt-get.log");
  const lines = ["#!/bin/sh", `echo "$DEBIAN_FRONTEND $*" >> ${log}`, `echo "apt-get says $1"`];
  for (const command of has) lines.push(`/bin/ln -sf /bin/true ${join(directory, command)}`);
  writeFileSync(join(directory, "apt-get"), [...lines, `exit ${exitCode}`, ""].join("\n"));
  chmodSync(join(directory, "apt-get"), 0o755);
  return log;
}

interface Ran {
  readonly status: number | null;
  readonly said: string;
}

function run(args: readonly string[], env: Record<string, string> = {}, before: readonly string[] = []): Ran {
  const [command = "", ...rest] = [...before, process.execPath, script, ...args];
  const { status, stdout, stderr } = spawnSync(command, rest, {
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

it("refuses a purpose it does not know", () => {
  expect(run(["party"])).toEqual({
    status: 2,
    said: 'unknown purpose "party"\nuse one of demo, test, bench\n',
  });
});

describe.runIf(requires("root", "setpriv"))("set-up without root", () => {
  /** As the user `nobody`, who may read all files, because the checkout may be root's alone. */
  const asNobody = [
    findCommand("setpriv") ?? "",
    "--reuid=65534",
    "--inh-caps=+dac_override",
    "--ambient-caps=+dac_override",
  ];

  it("stops the demo with one line: the command to run", () => {
    const log = provideAptGet();
    provide("sudo");
    provide("npm");
    const { status, said } = run(["demo"], {}, asNobody);
    expect(status).toBe(1);
    expect(said).toMatch(/^the demo makes .* run it as root: sudo env "PATH=\$PATH" npm run demo\n$/);
    expect(existsSync(log)).toBe(false);
  });

  it("lets the tests go on, and says in one line what is skipped and how it is not", () => {
    const { status, said } = run(["test"], {}, asNobody);
    expect(status).toBe(0);
    expect(said).toMatch(/^tests that .* will be skipped: run them as root: su -c '.*npm run test'\n$/);
  });
});

describe.runIf(requires("root", "netns"))("set-up as root", () => {
  it("says nothing when all is there", () => {
    for (const { command } of packages) provide(command);
    expect(run(["demo"])).toEqual({ status: 0, said: "" });
    expect(run(["test"])).toEqual({ status: 0, said: "" });
  });

  it("installs what is missing without a question, and says what", () => {
    const log = provideAptGet({ has: packages.map(({ command }) => command) });
    const { status, said } = run(["demo"]);
    const names = absent("demo").map((one) => one.package);
    expect(names).toContain("iperf3");
    expect(said).toMatch(/^installing by apt-get \(LANEWAY_NO_INSTALL=1 forbids it\): .*iperf3.*\n$/);
    expect(status).toBe(0);
    const [update, install] = readFileSync(log, "utf8").split("\n");
    expect(update).toMatch(/^noninteractive update --yes --quiet/);
    expect(install).toMatch(/^noninteractive install --yes --quiet .*--no-install-recommends .*iperf3/);
  });

  it.each([
    { args: ["--no-install"], env: {} },
    { args: [], env: { LANEWAY_NO_INSTALL: "1" } },
  ])("installs nothing with $args $env: it names the command", ({ args, env }) => {
    for (const { command } of packages) if (command !== "iperf3") provide(command);
    const log = provideAptGet();
    expect(run(["demo", ...args], env)).toEqual({
      status: 1,
      said: "the demo can't run without iperf3: apt-get install --no-install-recommends iperf3\n",
    });
    expect(existsSync(log)).toBe(false);
  });

  it("lets the tests go on without what they may not install", () => {
    provideAptGet();
    const { status, said } = run(["test", "--no-install"]);
    expect(status).toBe(0);
    expect(said).toMatch(/^tests will be skipped for lack of .*tshark.*: apt-get install .*tshark.*\n$/);
  });

  it("shows what apt-get says when that fails, and what to do", () => {
    provideAptGet({ exitCode: 100 });
    const { status, said } = run(["demo"]);
    expect(status).toBe(1);
    expect(said).toContain("apt-get says update\napt-get says install\n");
    expect(said).toMatch(/\nthe demo can't run without .*iperf3.*: apt-get install .*iperf3.*\n$/);
  });

  it("names the packages where there is no apt-get", () => {
    const { said } = run(["demo"]);
    expect(said).toMatch(/: install what Debian calls .*iperf3.* with this system's package manager\n$/);
  });
});

describe("the list of Debian packages", () => {
  /** Commands that every Debian has (`Essential: yes`), and those that come with another in the list. */
  const ESSENTIAL =
    "bash cat chmod dpkg-deb getent mkdir nsenter prlimit script setpriv sh sleep test timeout true unshare";
  const WITH_OTHERS =
    "bridge dumpcap iptables-legacy ovs-ofctl ovs-vsctl ovsdb-server ovsdb-tool ss systemd-sysusers tc";
  /** Not installed for tests, which say so: systemd-resolved would make itself the machine's resolver. */
  const LEFT_OUT = "dbus-daemon";
  const known = new Set(
    [...packages.map(({ command }) => command), ESSENTIAL, WITH_OTHERS, LEFT_OUT].join(" ").split(" "),
  );

  /** What the code runs on this machine or on a host of the lab, as far as its source names it. */
  function* commandsIn(folder: string): Generator<{ file: string; command: string }> {
    for (const file of globSync(`${folder}/**/*.ts`, { cwd: ROOT, exclude: ["test/bench"] })) {
      const calls = readFileSync(join(ROOT, file), "utf8").matchAll(
        /\b(?:mustExec|exec|spawn|spawnSync|execFile|execFileSync|runCommand|run)\(\s*"([a-z0-9_.+-]+)",\s*(?:\[|args)/g,
      );
      for (const [, command = ""] of calls) yield { file, command };
    }
  }

  it("has every command that the demo and the tests run", () => {
    const run = ["test", "desktop/demo"].flatMap((folder) => [...commandsIn(folder)]);
    expect(run.length).toBeGreaterThan(50);
    expect(run.filter(({ command }) => !known.has(command))).toEqual([]);
  });

  it("has every command that a test says it requires", () => {
    const own = new Set(["root", "tun", "netns", "tuntap2", "deno", "npx", "no-such-command", "nor-this"]);
    for (const file of globSync("test/**/*.ts", { cwd: ROOT })) {
      const source = readFileSync(join(ROOT, file), "utf8");
      for (const [, names = ""] of source.matchAll(/\b(?:requires|hasLab)\(((?:\s*"[^"]+",?)+)\s*\)/g)) {
        for (const [, name = ""] of names.matchAll(/"([^"]+)"/g)) {
          expect(own.has(name) || known.has(name), `${file}: ${name}`).toBe(true);
        }
      }
    }
  });
});
