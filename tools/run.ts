// Runs the demo or the tests after preparing what they need: `node tools/run.ts demo|test [--no-install] [their own
// arguments]`. Runs them in this process, so that they get its signals and terminal.
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { isInstallForbidden, prepare } from "./debian.ts";

const ROOT = join(import.meta.dirname, "..");

const [purpose, ...given] = process.argv.slice(2);
const args = given.filter((one) => one !== "--no-install");
const mayInstall = args.length === given.length && !isInstallForbidden(process.env);

if (purpose === "demo") {
  if (prepare("demo", mayInstall)) {
    const { main } = await import("../bin/main.ts");
    await main([process.execPath, "laneway", "demo", ...args]);
  } else {
    process.exitCode = 1;
  }
} else if (purpose === "test") {
  prepare("test", mayInstall);
  process.argv.splice(2, Number.POSITIVE_INFINITY, "run", ...args);
  await import(pathToFileURL(join(ROOT, "node_modules/vitest/vitest.mjs")).href);
} else {
  process.stderr.write("use 'npm run demo' or 'npm test'\n");
  process.exitCode = 2;
}
