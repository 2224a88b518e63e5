// Compiles the command into dist/command: `npm run command:build`. Node runs TypeScript in a checkout, but not below
// node_modules. Files stay where they are relative to each other, because some are read from beside the code.
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { build } from "vite";
import { pageBuild } from "../../relay/page/build.ts";

const ROOT = join(import.meta.dirname, "../..");
const OUTPUT = join(ROOT, "dist/command");

/** What the code reads beside itself. */
const BESIDE = ["bin/laneway.js", "desktop/agent/service/laneway.service", "LICENSE"];

rmSync(OUTPUT, { recursive: true, force: true });
const compiler = join(ROOT, "node_modules/typescript/bin/tsc");
execFileSync(process.execPath, [compiler, "--project", join(import.meta.dirname, "tsconfig.json")], {
  cwd: ROOT,
  stdio: "inherit",
});
const page = pageBuild();
await build({ ...page, build: { ...page.build, outDir: join(OUTPUT, "dist/page") } });
for (const path of BESIDE) {
  mkdirSync(dirname(join(OUTPUT, path)), { recursive: true });
  cpSync(join(ROOT, path), join(OUTPUT, path), { recursive: true });
}
const { name, version, type } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
writeFileSync(join(OUTPUT, "package.json"), `${JSON.stringify({ name, version, type }, undefined, 2)}\n`);
