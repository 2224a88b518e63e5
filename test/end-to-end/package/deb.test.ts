// The Debian package, in a Debian of its own: installed by a relay's script, run, upgraded, removed and purged.

import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasLab, JsonProcess, thisMachine } from "../../support/network/lab.ts";
import { RelayProcess } from "../../support/relay/relay-process.ts";
import { NODE } from "../../support/relay/runtimes.ts";

const REPOSITORY = join(import.meta.dirname, "../../..");

describe.runIf(hasLab("mmdebstrap", "dpkg-deb", "curl"))("the Debian package", { timeout: 400_000 }, () => {
  const directory = mkdtempSync(join(tmpdir(), "laneway-deb-test-"));
  const root = join(directory, "root");
  const packages = join(directory, "packages");

  /** Runs a command in the Debian, in namespaces of its own, so that its mounts and processes end with it. */
  const inside = (script: string) => [
    "--mount",
    "--pid",
    "--fork",
    "--kill-child",
    "sh",
    "-c",
    SETUP,
    root,
    script,
  ];
  const SETUP = 'mount --bind /dev "$0/dev" && mount -t proc proc "$0/proc" && exec chroot "$0" sh -c "$1"';
  const run = (script: string) =>
    execFileSync("unshare", inside(script), { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  /** Returns the paths in the Debian, but for those that apt and dpkg write for every package. */
  const paths = () =>
    run(
      "find / -xdev -not -path '/proc/*' -not -path '/dev/*' -not -path '/var/lib/dpkg/*' -not -path '/var/lib/apt/*'" +
        " -not -path '/var/cache/apt/*' -not -path '/var/log/*' -not -path '/tmp/*' | sort",
    )
      .trim()
      .split("\n");
  const build = (version: string) => {
    const args = ["tools/deb/build.ts", "--output", packages, "--version", version, "--compression", "none"];
    execFileSync(process.execPath, args, { cwd: REPOSITORY, stdio: "pipe" });
    return join(packages, readdirSync(packages).find((name) => name.includes(`_${version}_`)) ?? "");
  };

  beforeAll(() => {
    mkdirSync(packages);
    const suite = /VERSION_CODENAME=(\w+)/.exec(readFileSync("/etc/os-release", "utf8"))?.[1] ?? "stable";
    const include = "--include=curl,ca-certificates,iproute2,libstdc++6,passwd";
    execFileSync("mmdebstrap", ["--variant=apt", include, suite, root], { stdio: "pipe" });
    // apt as its own user cannot read what the test made for root.
    run("echo 'APT::Sandbox::User \"root\";' > /etc/apt/apt.conf.d/99test");
  }, 400_000);
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  it("upgrades, and leaves nothing once it is purged", () => {
    const before = paths();
    const [old, now] = [build("0.1.9"), build("0.2.0")];
    for (const [path, version] of [
      [old, "0.1.9"],
      [now, "0.2.0"],
    ] as const) {
      renameSync(path, join(root, "tmp/laneway.deb"));
      run("apt-get install -y -q /tmp/laneway.deb");
      expect(run("dpkg -s laneway")).toContain(`\nVersion: ${version}\n`);
    }
    expect(run("laneway --version")).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect(run("zcat /usr/share/man/man1/laneway.1.gz")).toContain("laneway invite create");
    expect(run("laneway relay --listen 127.0.0.1:0 --json & sleep 3; kill $!; wait $!")).toContain(
      '"invite"',
    );
    run("apt-get remove -y -q laneway");
    expect(paths().filter((path) => path.startsWith("/usr") && path.includes("laneway"))).toEqual([]);
    run("apt-get purge -y -q laneway");
    expect(paths().filter((path) => !before.includes(path))).toEqual([]);
  });

  it("is installed by the relay's script, which joins", async () => {
    build("0.2.0");
    await using relay = await RelayProcess.start(NODE, { args: ["--packages", packages] });
    const link = String(relay.listening["invite"]);
    const script = `curl -fsS ${relay.url}/install.sh | sh -s -- '${link}'`;
    const child = thisMachine.spawn("unshare", inside(script), { stdio: ["ignore", "pipe", "pipe"] });
    await using installed = new JsonProcess(child, "install.sh");
    await installed.waitFor((line) => /^lan is up: .*address 10\./.test(String(line["text"])), {
      timeout: 200_000,
    });
    expect(installed.lines.map((line) => line["text"]).join("\n")).toContain("checks its SHA-256");
    expect(await relay.must("GET", "/tenants/default/devices")).toHaveLength(1);
  });
});
