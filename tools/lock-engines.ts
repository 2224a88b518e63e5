// Takes out of package-lock.json which Node the packages ask for, where the oldest that may install here is too old for them:
// `node tools/lock-engines.ts`, after a package was added or updated.
//
// npm compares it with the Node that npm itself runs under, warns for each such package, and leaves optional ones out. Here
// that is for nothing, because scripts run under the pinned Node (tools/pin-node) and the laneway command refuses an older
// one. A first look with Node 20 is not to begin with a wall of warnings; npm's other warnings stay.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** What package-lock.json says of a package, as far as it concerns this. */
export interface LockedPackage {
  engines?: { readonly node?: string };
}

/** What package-lock.json holds, as far as it concerns this: packages by their paths; the repository itself is "". */
export interface LockFile {
  readonly packages: Readonly<Record<string, LockedPackage>>;
}

/** Node's major version that `engines` in package.json begins with. */
const OLDEST_MAJOR = 20;

/** The paths of packages that ask for a newer Node than 20.0.0. */
export function askingForNewer(lock: LockFile): string[] {
  return Object.entries(lock.packages)
    .filter(
      ([path, { engines }]) => path !== "" && engines?.node !== undefined && !admitsOldest(engines.node),
    )
    .map(([path]) => path);
}

/** Whether a range of versions, such as `^20.19.0 || >=22.12.0`, has 20.0.0 in it; forms not known here count as if. */
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
