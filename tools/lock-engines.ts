// Removes Node versions from package-lock.json that exclude the oldest Node allowed to install here. Run `node
// tools/lock-engines.ts` after adding or updating a package.
//
// npm compares them with the Node that it runs under, warns for each such package, and skips optional ones. Here the
// comparison is wrong, because scripts run under the pinned Node (tools/pin-node) and the laneway command refuses an
// older one. A first installation with Node 20 should not begin with a wall of warnings. npm's other warnings stay.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** A package's entry in package-lock.json, the relevant fields. */
export interface LockedPackage {
  engines?: { readonly node?: string };
}

/** The content of package-lock.json, the relevant fields: packages by path; the repository itself is "". */
export interface LockFile {
  readonly packages: Readonly<Record<string, LockedPackage>>;
}

/** Node's oldest major version in `engines` of package.json. */
const OLDEST_MAJOR = 20;

/** Returns the paths of packages that require a newer Node than 20.0.0. */
export function askingForNewer(lock: LockFile): string[] {
  return Object.entries(lock.packages)
    .filter(
      ([path, { engines }]) => path !== "" && engines?.node !== undefined && !admitsOldest(engines.node),
    )
    .map(([path]) => path);
}

/**
 * Returns whether a version range, such as `^20.19.0 || >=22.12.0`, includes 20.0.0. Unknown forms count as including
 * it.
 */
function admitsOldest(range: string): boolean {
  return range.split("||").some((alternative) => {
    const match = /^\s*(>=|\^|~|)\s*(\d+)(?:\.(\d+|x))?(?:\.(\d+|x))?\s*$/.exec(alternative);
    if (match === null) return true;
    const [, operator, major, minor, patch] = match;
    const isFirstOfMajor = [minor, patch].every((part) => part === undefined || part === "x" || part === "0");
    if (operator === ">=" && Number(major) < OLDEST_MAJOR) return true;
    return Number(major) === OLDEST_MAJOR && isFirstOfMajor;
  });
}

if (import.meta.main) {
  const file = join(import.meta.dirname, "../package-lock.json");
  const lock = JSON.parse(readFileSync(file, "utf8")) as LockFile;
  for (const path of askingForNewer(lock)) delete lock.packages[path]?.engines;
  writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
}
