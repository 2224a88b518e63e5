// The npm package, installed from its tarball as a user installs it.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasLab } from "../../support/network/lab.ts";
import { RelayProcess } from "../../support/relay/relay-process.ts";

const REPOSITORY = join(import.meta.dirname, "../../..");

describe("the npm package", { timeout: 300_000 }, () => {
  const directory = mkdtempSync(join(tmpdir(), "laneway-npm-"));
  const laneway = join(directory, "prefix/bin/laneway");
  /** Without compilers: only Node and a shell. */
  const env = { ...process.env, PATH: `${directory}/bin`, CC: "false", CXX: "false" };
  let before = "";

  beforeAll(() => {
    before = readFileSync(join(REPOSITORY, "package.json"), "utf8");
    const npm = execFileSync("sh", ["-c", 'readlink -f "$(command -v npm)"'], { encoding: "utf8" }).trim();
    const pack = [npm, "pack", "--pack-destination", directory];
    execFileSync(process.execPath, pack, { cwd: REPOSITORY, stdio: "pipe" });
    execFileSync("mkdir", [join(directory, "bin")]);
    symlinkSync(process.execPath, join(directory, "bin/node"));
    for (const name of ["sh", "env"]) symlinkSync(`/usr/bin/${name}`, join(directory, "bin", name));
    const [tarball = ""] = readdirSync(directory).filter((name) => /^laneway-\d+\.\d+\.\d+\.tgz$/.test(name));
    const args = ["install", "--global", "--prefix", join(directory, "prefix"), join(directory, tarball)];
    execFileSync(process.execPath, [npm, ...args, "--no-audit", "--no-fund"], { env, stdio: "pipe" });
  }, 300_000);
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  const run = (...args: string[]) => execFileSync(laneway, args, { env, encoding: "utf8", cwd: directory });

  it("leaves the checkout's manifest as it was", () => {
    expect(readFileSync(join(REPOSITORY, "package.json"), "utf8")).toBe(before);
  });

  it("has no development dependencies, and nothing to compile", () => {
    const installed = readdirSync(join(directory, "prefix/lib/node_modules/laneway/node_modules"));
    expect(installed).toContain("koffi");
    for (const name of ["vite", "electron", "typescript", "tuntap2"]) expect(installed).not.toContain(name);
  });

  it("has the command", () => {
    const { version } = JSON.parse(before) as { version: string };
    expect(run("--version")).toBe(`${version}\n`);
    expect(run("up", "--help")).toContain("Usage: laneway up");
  });

  it("has the relay, with its pages", async () => {
    const runtime = { name: "npm", command: laneway, args: ["relay"] };
    await using relay = await RelayProcess.start(runtime, { env: { PATH: env.PATH } });
    for (const path of ["/", "/join", "/readyz"]) expect((await fetch(relay.url + path)).status).toBe(200);
    expect(await relay.must("GET", "/tenants")).toEqual([{ name: "default" }]);
  });

  it.runIf(hasLab("iperf3"))("has the demo, which works", () => {
    const PATH = `${directory}/bin:${process.env["PATH"]}`;
    const told = execFileSync(laneway, ["demo"], {
      env: { ...env, PATH },
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    });
    expect(told).toContain("All of it worked.");
  });
});
