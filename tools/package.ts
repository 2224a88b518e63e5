// Builds the packages: `npm run package -- [--target dir|deb|…] [--electron FOLDER] [--output FOLDER]`, on the system that they
// are for, with the agent where there is one. The target `dir` is the folder that packages hold, alone; --electron takes an unpacked Electron from a folder rather
// than downloading it.
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { FuseV1Options, FuseVersion, flipFuses, getCurrentFuseWire } from "@electron/fuses";
import { type AfterPackContext, Arch, build, type Configuration, Platform } from "electron-builder";
import { gatherAgent } from "./agent-tree.ts";

const ROOT = join(import.meta.dirname, "..");
const require = createRequire(import.meta.url);

/** The deb's post-installation: electron-builder's as it is, and ours after it. */
function composeAfterInstall(): void {
  const library = dirname(require.resolve("app-builder-lib/package.json"));
  const own = readFileSync(join(ROOT, "desktop/package/install-service.sh"), "utf8");
  const theirs = readFileSync(join(library, "templates/linux/after-install.tpl"), "utf8");
  mkdirSync(join(ROOT, "dist"), { recursive: true });
  writeFileSync(join(ROOT, "dist/after-install.sh"), `${theirs.trimEnd()}\n${own}`);
}

/** Electron's program, whose name differs by system. */
function programOf({ electronPlatformName, appOutDir, packager }: AfterPackContext): string {
  const { productFilename } = packager.appInfo;
  if (electronPlatformName === "darwin") return join(appOutDir, `${productFilename}.app`);
  if (electronPlatformName === "win32") return join(appOutDir, `${productFilename}.exe`);
  return join(appOutDir, packager.config.executableName ?? productFilename);
}

/** Fuses that electron-builder.yml and what is below set: all that this major version of Electron has. */
const FUSES = 9;

/** The fuse that electron-builder has no name for. @throws where Electron has one more, which is to be thought about first */
async function setRemainingFuse(context: AfterPackContext): Promise<void> {
  const program = programOf(context);
  const { version: _, resetAdHocDarwinSignature: __, ...fuses } = await getCurrentFuseWire(program);
  const count = Object.keys(fuses).filter((key) => /^\d+$/.test(key)).length;
  if (count !== FUSES) throw new Error(`this Electron has ${count} fuses, and ${FUSES} are named`);
  await flipFuses(program, {
    version: FuseVersion.V1,
    // Electron's own default: WebAssembly without it is slower, and we run none.
    [FuseV1Options.WasmTrapHandlers]: true,
  });
}

/** What electron-builder does not do by itself, once the folder is there that packages hold. */
async function completeFolder(context: AfterPackContext): Promise<void> {
  await setRemainingFuse(context);
  // The agent has a Node of its own, since Electron's can't be used as one (runAsNode). Other systems have no agent yet.
  if (context.electronPlatformName !== "linux") return;
  gatherAgent(join(context.appOutDir, "resources/agent"), Arch[context.arch]);
}

const { values } = parseArgs({
  options: {
    target: { type: "string" },
    electron: { type: "string" },
    output: { type: "string" },
  },
});

execFileSync(process.execPath, [join(ROOT, "tools/page-build.js")], { stdio: "inherit" });
const vite = join(ROOT, "node_modules/electron-vite/bin/electron-vite.js");
execFileSync(process.execPath, [vite, "build"], { cwd: ROOT, stdio: "inherit" });
composeAfterInstall();
const config: Configuration = {
  extends: join(ROOT, "electron-builder.yml"),
  afterPack: completeFolder,
  ...(values.electron === undefined ? {} : { electronDist: values.electron }),
  ...(values.output === undefined
    ? {}
    : { directories: { output: values.output, buildResources: "desktop/icons" } }),
};
await build({
  projectDir: ROOT,
  config,
  targets: Platform.current().createTarget(values.target ?? null),
});
