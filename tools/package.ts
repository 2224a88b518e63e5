// Builds the packages: `npm run package -- [--target dir|deb|…] [--electron FOLDER] [--output FOLDER]`. Runs on the
// target system and includes the agent where one exists. The target `dir` builds only the folder that packages contain.
// --electron uses an unpacked Electron from a folder instead of downloading one.
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

/** Writes the deb's post-installation script: electron-builder's, followed by ours. */
function composeAfterInstall(): void {
  const library = dirname(require.resolve("app-builder-lib/package.json"));
  const own = readFileSync(join(ROOT, "desktop/package/install-service.sh"), "utf8");
  const theirs = readFileSync(join(library, "templates/linux/after-install.tpl"), "utf8");
  mkdirSync(join(ROOT, "dist"), { recursive: true });
  writeFileSync(join(ROOT, "dist/after-install.sh"), `${theirs.trimEnd()}\n${own}`);
}

/** Returns the path of Electron's program, whose name differs by system. */
function programOf({ electronPlatformName, appOutDir, packager }: AfterPackContext): string {
  const { productFilename } = packager.appInfo;
  if (electronPlatformName === "darwin") return join(appOutDir, `${productFilename}.app`);
  if (electronPlatformName === "win32") return join(appOutDir, `${productFilename}.exe`);
  return join(appOutDir, packager.config.executableName ?? productFilename);
}

/** Number of fuses that electron-builder.yml and the code below set: all that this major version of Electron has. */
const FUSES = 9;

/**
 * Sets the fuse that electron-builder has no name for. @throws if Electron has one more, which needs a decision first
 */
async function setRemainingFuse(context: AfterPackContext): Promise<void> {
  const program = programOf(context);
  const { version: _, resetAdHocDarwinSignature: __, ...fuses } = await getCurrentFuseWire(program);
  const count = Object.keys(fuses).filter((key) => /^\d+$/.test(key)).length;
  if (count !== FUSES) throw new Error(`this Electron has ${count} fuses, but ${FUSES} are set`);
  await flipFuses(program, {
    version: FuseVersion.V1,
    // Electron's default. Without it WebAssembly is slower, and we run none.
    [FuseV1Options.WasmTrapHandlers]: true,
  });
}

/** Completes the folder that packages contain with what electron-builder does not do itself. */
async function completeFolder(context: AfterPackContext): Promise<void> {
  await setRemainingFuse(context);
  // The agent brings its own Node, because Electron's cannot run as one (runAsNode). Other systems have no agent yet.
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

execFileSync(process.execPath, [join(ROOT, "tools/pack/build.js")], { stdio: "inherit" });
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
