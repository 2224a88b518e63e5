// Builds the operator's page and the join page into dist/page: `npm run page:build`.
// Plain JavaScript, because `prepare` runs it on every installation. With --if-possible it does nothing without vite
// (`npm ci --omit=dev`) or on a Node that cannot read TypeScript.
import process from "node:process";

const MISSING = ["ERR_MODULE_NOT_FOUND", "ERR_UNKNOWN_FILE_EXTENSION"];

try {
  const { build } = await import("vite");
  const { pageBuild } = await import("../relay/page/build.ts");
  await build(pageBuild());
} catch (error) {
  if (!MISSING.includes(error.code)) throw error;
  if (!process.argv.includes("--if-possible")) {
    process.stderr.write("the page needs vite and Node 24 to be built: run 'npm ci' first\n");
    process.exitCode = 1;
  }
}
