// Completion in the shells: each gets the script and a line, and prints its suggestions.
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { laneway } from "../../../support/network/lab.ts";
import { requires } from "../../../support/requirements.ts";

const run = promisify(execFile);
let directory: string;
const scripts = new Map<string, string>();

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "laneway-completion-"));
  for (const shell of ["bash", "zsh", "fish"]) {
    const { code, stdout, stderr } = await laneway(["completion", shell]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const file = join(directory, shell === "zsh" ? "_laneway" : `laneway.${shell}`);
    await writeFile(file, stdout);
    scripts.set(shell, file);
  }
  await writeFile(join(directory, "a-file.txt"), "");
});
afterAll(() => rm(directory, { recursive: true }));

function script(shell: string): string {
  return scripts.get(shell) ?? "";
}

/** Returns bash's suggestions for these words, the last one incomplete. */
async function bash(...words: string[]): Promise<string[]> {
  const program = `
    source "$1"; shift
    COMP_WORDS=(laneway "$@"); COMP_CWORD=$#
    compopt() { :; }
    _laneway
    printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout } = await run("bash", ["-c", program, "bash", script("bash"), ...words], { cwd: directory });
  return stdout.split("\n").filter(Boolean);
}

/** Returns fish's suggestions at the end of a line. */
async function fish(line: string): Promise<string[]> {
  const program = `source ${script("fish")}; complete -C '${line}'`;
  const { stdout } = await run("fish", ["--no-config", "-c", program], {
    cwd: directory,
    env: { ...process.env, HOME: directory },
  });
  return stdout
    .split("\n")
    .filter(Boolean)
    .map((one) => one.split("\t")[0] ?? "");
}

/** Returns zsh's suggestions: its own completion functions are replaced by ones that print their arguments. */
async function zsh(...words: string[]): Promise<string[]> {
  const program = `
    compdef() { : }
    source "$1"; shift
    _describe() { local -a shown; shown=(\${(P)@[-1]}); print -l -- \${shown%%:*} }
    compadd() { shift; print -l -- "$@" }
    _files() { print FILES }
    _message() { print ANY }
    words=(laneway "$@"); CURRENT=$#words
    _laneway`;
  const { stdout } = await run("zsh", ["-f", "-c", program, "zsh", script("zsh"), ...words], {
    cwd: directory,
  });
  const last = words.at(-1) ?? "";
  return stdout.split("\n").filter((one) => one !== "" && (one.startsWith(last) || /^[A-Z]+$/.test(one)));
}

describe("completion in bash", () => {
  it("offers commands, subcommands, and options once a dash is typed", async () => {
    expect(await bash("")).toEqual(
      expect.arrayContaining(["relay", "up", "status", "network", "completion"]),
    );
    expect((await bash("ne")).sort()).toEqual(["neighbours", "network"]);
    expect(await bash("network", "")).toEqual(expect.arrayContaining(["create", "list", "show", "delete"]));
    expect(await bash("up", "--t")).toEqual(["--token", "--tenant", "--tap", "--trunk"]);
    expect(await bash("service", "install", "--")).toEqual(["--json", "--dry-run", "--proxy", "--help"]);
  });

  it("offers an option's values, and is silent for unknown commands", async () => {
    expect(await bash("up", "--websocket", "")).toEqual(["own", "ws"]);
    expect(await bash("completion", "")).toEqual(["bash", "zsh", "fish"]);
    expect(await bash("up", "--tap", "")).toEqual([]);
    expect(await bash("fdb", "--network", "network", "--j")).toEqual(["--json"]);
    expect(await bash("relay", "--tls-cert", "a")).toEqual(["a-file.txt"]);
  });
});

describe.runIf(requires("fish"))("completion in fish", () => {
  it("offers the same", async () => {
    expect((await fish("laneway ne")).sort()).toEqual(["neighbours", "network"]);
    expect((await fish("laneway service ")).sort()).toEqual(["install", "status", "uninstall"]);
    expect((await fish("laneway up --t")).sort()).toEqual(["--tap", "--tenant", "--token", "--trunk"]);
    expect((await fish("laneway up --websocket ")).sort()).toEqual(["own", "ws"]);
    expect(await fish("laneway fdb --network network --js")).toEqual(["--json"]);
    expect(await fish("laneway relay --tls-cert a")).toEqual(["a-file.txt"]);
  });
});

describe.runIf(requires("zsh"))("completion in zsh", () => {
  it("offers the same", async () => {
    expect((await zsh("ne")).sort()).toEqual(["neighbours", "network"]);
    expect((await zsh("service", "")).sort()).toEqual(["install", "status", "uninstall"]);
    expect((await zsh("up", "--t")).sort()).toEqual(["--tap", "--tenant", "--token", "--trunk"]);
    expect(await zsh("up", "--websocket", "")).toEqual(["own", "ws"]);
    expect(await zsh("up", "--tap", "")).toEqual(["ANY"]);
    expect(await zsh("relay", "--tls-cert", "")).toEqual(["FILES"]);
    expect(await zsh("fdb", "--network", "network", "--js")).toEqual(["--json"]);
  });
});
