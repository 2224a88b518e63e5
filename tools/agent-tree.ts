// Gathers what the packages hold besides the app: the laneway command with its agent, as it is in the repository, what it needs of
// node_modules, and the pinned Node.
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";

const ROOT = join(import.meta.dirname, "..");

/** All of the command; of desktop/ not the app, which is bundled. */
const SOURCES = [
  "bin",
  "dist/page",
  "shared",
  "system",
  "relay",
  "desktop/agent",
  "desktop/cli",
  "desktop/demo",
  "desktop/rpc",
  "package.json",
  "LICENSE",
];

/** The second TAP driver is for systems without koffi; these packages are for those that have it. */
const LEFT_OUT = ["tuntap2"];

interface LockedPackage {
  readonly dev?: boolean;
  readonly devOptional?: boolean;
  readonly dependencies?: Record<string, string>;
}

/** Packages that the command needs, by their paths below the root: what `npm ci --omit=dev` would install here. */
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
      // Optional packages for other systems are in the lock file, and not here.
      if (!existsSync(join(ROOT, place))) continue;
      found.add(place);
      visit(place);
    }
  };
  visit("");
  return [...found];
}

/** Where Node finds a package from another: in its own node_modules, or in those further up. */
function resolve(from: string, name: string, packages: Record<string, unknown>): string | undefined {
  for (let base = from; ; base = base.slice(0, Math.max(base.lastIndexOf("/node_modules/"), 0))) {
    const place = base === "" ? `node_modules/${name}` : `${base}/node_modules/${name}`;
    if (place in packages) return place;
    if (base === "") return undefined;
  }
}

/**
 * Makes the folder anew.
 *
 * @param arch of the machines that it is for, as Node calls it; its pinned Node has to be installed here
 */
export function gatherAgent(folder: string, arch: string): void {
  rmSync(folder, { recursive: true, force: true });
  for (const path of SOURCES) copy(path, join(folder, path));
  for (const path of productionPackages()) {
    // Packages within are packages of their own.
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
