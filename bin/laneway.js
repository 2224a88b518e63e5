#!/usr/bin/env node
// Plain JavaScript of any age: on an older Node this says so, where main.ts would be a syntax error.
import fs from "node:fs";
import module from "node:module";
import os from "node:os";
import path from "node:path";

const NEEDED = 24;

/** The program: in a checkout, in the compiled command, and in a package around it. */
const MAINS = ["./main.ts", "./main.js", "../dist/command/bin/main.js"];

if (Number(process.versions.node.split(".")[0]) < NEEDED) {
  process.stderr.write(
    `laneway: needs Node ${NEEDED} or newer, and this is ${process.version}: run it as 'npx laneway', or update Node\n`,
  );
  process.exitCode = 1;
} else {
  const cache = cacheDirectory();
  if (cache !== undefined) module.enableCompileCache(cache);
  const found = MAINS.find((path) => fs.existsSync(new URL(path, import.meta.url)));
  import(found).then(({ main }) => main(process.argv));
}

/**
 * Returns a directory for compiled code, with which commands start in half the time. It holds code that runs with this
 * user's rights, so it must be this user's alone: root's is not in a home directory, which `sudo` may leave as it was.
 */
function cacheDirectory() {
  try {
    const uid = process.getuid?.();
    const parent =
      uid === 0 ? "/var/cache" : process.env["XDG_CACHE_HOME"] || path.join(os.homedir(), ".cache");
    const directory = path.join(parent, "laneway");
    fs.mkdirSync(directory, { recursive: true, mode: 0o700 });
    const { uid: owner, mode } = fs.lstatSync(directory);
    return uid === undefined || (owner === uid && (mode & 0o22) === 0) ? directory : undefined;
  } catch {
    // Commands work without it.
    return undefined;
  }
}
