// Gives the package a manifest of its own while npm packs it: `manifest.js trim`, and `manifest.js restore` afterwards.
// Without that, an installation would try to compile the second TAP driver, which no system with packages needs.
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";

const MANIFEST = join(import.meta.dirname, "../../package.json");
const KEPT = join(import.meta.dirname, "../../dist/package.json");

/** Fields that are of no use to somebody who installs the package. */
const LEFT_OUT = ["main", "scripts", "devDependencies", "allowScripts"];

// Also before trimming, in case an earlier run was interrupted.
if (existsSync(KEPT)) renameSync(KEPT, MANIFEST);
if (process.argv[2] === "trim") {
  const text = readFileSync(MANIFEST, "utf8");
  const manifest = JSON.parse(text);
  for (const field of LEFT_OUT) delete manifest[field];
  delete manifest.optionalDependencies.tuntap2;
  manifest.engines = { node: ">=24" };
  mkdirSync(dirname(KEPT), { recursive: true });
  writeFileSync(KEPT, text);
  // In one step, because others may be reading it.
  writeFileSync(`${KEPT}.trimmed`, `${JSON.stringify(manifest, undefined, 2)}\n`);
  renameSync(`${KEPT}.trimmed`, MANIFEST);
}
