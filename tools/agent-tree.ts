// Collects the files of the packages besides the app: the compiled laneway command with its agent, the parts of node_modules that it needs, and the pinned Node.
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";

const ROOT = join(import.meta.dirname, "..");

/** The compiled command (`pack/build.js`). */
const COMMAND = "dist/command";

/** The second TAP driver is for systems without koffi; these packages target systems that have it. */
const LEFT_OUT = ["tuntap2"];

interface LockedPackage {
  readonly dev?: boolean;
  readonly devOptional?: boolean;
  readonly dependencies?: Record<string, string>;
}

/**
 * Returns the paths of the packages that the command needs, below the root: those that `npm ci --omit=dev` installs.
 */
function productionPackages(): string[] {
  const lock = JSON.parse(readFileSync(join(ROOT, "package-lock.json"), "utf8")) as {
    packages: Record<string, LockedPackage & { optionalDependencies?: Record<string, string> }>;
  };
  const found = new Set<string>();
  const visit = (path: string) => {
    const { dependencies = {}, optionalDependencies = {} } = lock.packages[path] ?? {};
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) {
      const place = resolve(path, name, lock.packages);
      if (place === undefined || found.has(place) || LEFT_OUT.includes(name)) continue;
      // The lock file lists optional packages of other systems, which are not installed.
      if (!existsSync(join(ROOT, place))) continue;
      found.add(place);
      visit(place);
    }
  };
  visit("");
  return [...found];
}

/** Returns where Node finds a package from another: in its own node_modules, or in those of its parents. */
function resolve(from: string, name: string, packages: Record<string, unknown>): string | undefined {
  for (let base = from; ; base = base.slice(0, Math.max(base.lastIndexOf("/node_modules/"), 0))) {
    const place = base === "" ? `node_modules/${name}` : `${base}/node_modules/${name}`;
    if (place in packages) return place;
    if (base === "") return undefined;
  }
}

/**
 * Creates the folder anew, from the command that was compiled last.
 *
 * @param arch the target architecture by Node's name; its pinned Node must be installed here
 */
export function gatherAgent(folder: string, arch: string): void {
  rmSync(folder, { recursive: true, force: true });
  copy(COMMAND, folder);
  for (const path of productionPackages()) {
    // Nested packages are listed as packages of their own.
    copy(path, join(folder, path), (source) => !source.slice(ROOT.length).includes(`${path}/node_modules`));
  }
  const pinned = `node_modules/node-linux-${arch}`;
  copy(`${pinned}/bin/node`, join(folder, "node"));
  copy(`${pinned}/LICENSE`, join(folder, "LICENSE.node.txt"));
  copy("desktop/package/laneway.sh", join(folder, "laneway"));
  for (const program of ["node", "laneway"]) chmodSync(join(folder, program), 0o755);
}

function copy(path: string, to: string, filter: (source: string) => boolean = () => true): void {
  mkdirSync(dirname(to), { recursive: true });
  cpSync(realpathSync(join(ROOT, path)), to, { recursive: true, dereference: true, filter });
}
