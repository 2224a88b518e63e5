// Builds the Debian package of the command, the agent and the relay: `npm run deb -- [--output FOLDER] [--version V]
// [--compression none|gzip|xz]`. It has Node of its own.
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";
import { ALL } from "../../bin/main.ts";
import { SYSUSERS, unitText } from "../../desktop/agent/service/unit.ts";
import { program } from "../../desktop/cli/program.ts";
import { gatherAgent } from "../agent-tree.ts";
import { manual } from "./manual.ts";

const ROOT = join(import.meta.dirname, "../..");
const HERE = import.meta.dirname;

/** Debian's names for Node's architectures. */
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: "amd64", arm64: "arm64" };

const SCRIPTS = ["postinst", "prerm", "postrm"];

const { values } = parseArgs({
  options: {
    output: { type: "string" },
    version: { type: "string" },
    compression: { type: "string", default: "xz" },
  },
});
const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { version: string };
const version = values.version ?? manifest.version;
const output = resolve(values.output ?? join(ROOT, "dist/packages"));
const epoch = Number(process.env["SOURCE_DATE_EPOCH"] ?? (git("log", "-1", "--format=%ct") || 0));
const architecture = ARCHITECTURES[process.arch];
if (architecture === undefined) throw new Error(`there is no Debian package for ${process.arch} yet`);

execFileSync(process.execPath, [join(ROOT, "tools/pack/build.js")], { stdio: "inherit" });
const tree = mkdtempSync(join(tmpdir(), "laneway-deb-"));
try {
  await fill();
  const name = `laneway_${version}_${architecture}.deb`;
  mkdirSync(output, { recursive: true });
  execFileSync(
    "dpkg-deb",
    ["--root-owner-group", `-Z${values.compression}`, "--build", tree, join(output, name)],
    {
      env: { ...process.env, SOURCE_DATE_EPOCH: String(epoch) },
      stdio: ["ignore", "ignore", "inherit"],
    },
  );
  process.stdout.write(`${join(output, name)}\n`);
} finally {
  rmSync(tree, { recursive: true, force: true });
}

async function fill(): Promise<void> {
  chmodSync(tree, 0o755);
  gatherAgent(join(tree, "usr/lib/laneway"), process.arch);
  put("usr/lib/systemd/system/laneway.service", unitText(["/usr/bin/laneway"]));
  put("usr/lib/systemd/system/laneway-relay.service", readFileSync(join(HERE, "laneway-relay.service")));
  put("usr/lib/sysusers.d/laneway.conf", SYSUSERS);
  put("usr/share/doc/laneway/copyright", readFileSync(join(ROOT, "LICENSE")));
  mkdirSync(join(tree, "usr/share/laneway/packages"), { recursive: true });
  mkdirSync(join(tree, "usr/bin"), { recursive: true });
  symlinkSync("../lib/laneway/laneway", join(tree, "usr/bin/laneway"));

  const command = await program(ALL, []);
  const date = new Date(epoch * 1_000).toISOString().slice(0, 10);
  put("usr/share/man/man1/laneway.1.gz", gzipSync(manual(command, version, date), { level: 9 }));
  for (const [shell, path] of [
    ["bash", "usr/share/bash-completion/completions/laneway"],
    ["zsh", "usr/share/zsh/vendor-completions/_laneway"],
    ["fish", "usr/share/fish/vendor_completions.d/laneway.fish"],
  ] as const) {
    const laneway = join(tree, "usr/lib/laneway/bin/laneway.js");
    put(path, execFileSync(process.execPath, [laneway, "completion", shell]));
  }

  put("DEBIAN/control", control());
  for (const script of SCRIPTS) {
    copyFileSync(join(HERE, script), join(tree, "DEBIAN", script));
    chmodSync(join(tree, "DEBIAN", script), 0o755);
  }
  settle(tree);
}

function control(): string {
  const kib = Number(
    execFileSync("du", ["-sk", "--exclude=DEBIAN", tree], { encoding: "utf8" }).split("\t")[0],
  );
  return `Package: laneway
Version: ${version}
Architecture: ${architecture}
Maintainer: The Laneway authors <packages@laneway.example>
Installed-Size: ${kib}
Depends: iproute2, libc6 (>= 2.28), libstdc++6
Section: net
Priority: optional
Homepage: https://laneway.example
Description: Ethernet segment between machines behind any NAT
 Puts this machine on a layer-2 network with others, wherever they are, through
 one HTTPS port. Contains the command, the agent and the relay.
`;
}

function put(path: string, content: string | Uint8Array): void {
  mkdirSync(dirname(join(tree, path)), { recursive: true });
  writeFileSync(join(tree, path), content, { mode: 0o644 });
}

/** Gives all files the same time, and the permissions that Debian has. */
function settle(path: string): void {
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    const one = join(path, entry.name);
    if (entry.isDirectory()) settle(one);
    else if (entry.isFile()) chmodSync(one, (statSync(one).mode & 0o111) === 0 ? 0o644 : 0o755);
    lutimesSync(one, epoch, epoch);
  }
  chmodSync(path, 0o755);
  lutimesSync(path, epoch, epoch);
}

function git(...args: string[]): string {
  try {
    return execFileSync("git", args, {
      cwd: ROOT,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
  } catch {
    return "";
  }
}
