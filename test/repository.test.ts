import { globSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { describe, expect, it } from "vitest";
import { askingForNewer, type LockFile } from "../tools/lock-engines.ts";

const ROOT = join(import.meta.dirname, "..");
/** All but what is made here: not from git, which a machine that has the files need not have. */
const files = globSync("**/*.{ts,tsx,js}", { cwd: ROOT, exclude: ["**/node_modules", "dist", "coverage"] });
const read = (file: string) => readFileSync(join(ROOT, file), "utf8");

/** The files of this repository that each file imports, types included. */
const imports = new Map(files.map((file) => [file, importsOf(file)]));

function importsOf(file: string): string[] {
  const targets = read(file).matchAll(/(?:\bfrom|\bimport)\s*\(?\s*["'](\.[^"']+)["']/g);
  const paths = [...targets].map(([, target = ""]) => relative(ROOT, join(ROOT, dirname(file), target)));
  return paths.filter((path) => files.includes(path));
}

/** Returns the circles of imports: each once, as the files on the way from the first to the last, which imports the first. */
function circles(): string[][] {
  const found: string[][] = [];
  const seen = new Set<string>();
  const visit = (file: string, way: readonly string[]) => {
    if (way.includes(file)) found.push(way.slice(way.indexOf(file)));
    if (seen.has(file)) return;
    seen.add(file);
    for (const next of imports.get(file) ?? []) visit(next, [...way, file]);
  };
  for (const file of files) visit(file, []);
  return found;
}

/**
 * The floors from the ground up. A file belongs to the room with the longest name that its path begins with. It may import
 * its own room and those of lower floors.
 */
const FLOORS: readonly (readonly string[])[] = [
  ["shared/frame", "shared/tunnel/block.ts"],
  ["shared/values", "shared/offload/virtio.ts", "shared/tunnel/hostile-memory.ts"],
  ["shared/capture", "shared/protocol", "shared/tunnel/block-pool.ts"],
  ["shared/offload"],
  ["shared/switch"],
  ["shared/tunnel", "shared/api"],
  ["system", "shared/ui"],
  ["relay/model", "relay/crypto", "relay/underlay", "relay/arrivals", "relay/packages", "desktop/rpc"],
  ["relay/store", "desktop/agent", "desktop/errors", "desktop/demo"],
  ["relay/tenants", "relay/origin.ts", "desktop/cli", "desktop/main", "desktop/renderer"],
  ["relay/hub", "relay/first-start", "relay/page", "desktop/preload"],
  ["relay/http"],
  ["relay"],
  ["bin"],
];

/** The rooms of {@link FLOORS}, the longest name first, with the number of the floor. */
const rooms = FLOORS.flatMap((names, floor) => names.map((name) => ({ name, floor }))).toSorted(
  (a, b) => b.name.length - a.name.length,
);
const roomOf = (file: string) => rooms.find(({ name }) => file.startsWith(name));

const topOf = (file: string) => file.split("/")[0] ?? "";

/** The top-level folders of what is installed; the others (tests, tools) may import everything. */
const PRODUCT: ReadonlySet<string> = new Set(["shared", "system", "relay", "desktop", "bin"]);

/** Whether one file is of the relay and the other of the desktop, which share floors and know nothing of each other. */
function isApart(file: string, other: string): boolean {
  return [topOf(file), topOf(other)].toSorted().join() === "desktop,relay";
}

describe("the repository", () => {
  it("runs its scripts under the Node that it pins", () => {
    expect(process.versions.node.split(".")[0]).toBe("24");
  });

  it("has no circle of imports", () => {
    expect(circles()).toEqual([]);
  });

  it("has imports point down: to lower floors, and never between relay and desktop", () => {
    const faults: string[] = [];
    for (const [file, paths] of imports) {
      if (!PRODUCT.has(topOf(file))) continue;
      const room = roomOf(file);
      for (const path of paths) {
        const other = roomOf(path);
        const isDown = room !== undefined && other !== undefined && other.floor < room.floor;
        if ((isDown || other === room) && !isApart(file, path)) continue;
        faults.push(`${file} imports ${path}`);
      }
    }
    expect(faults).toEqual([]);
  });

  it("installs no pinned Node for those who only run it", () => {
    const { packages } = JSON.parse(read("package-lock.json")) as {
      packages: Record<string, { dev?: boolean; devOptional?: boolean }>;
    };
    const pinned = Object.entries(packages).filter(([path]) => /node_modules\/node-(linux|win)-/.test(path));
    expect(pinned.length).toBe(3);
    for (const [path, { dev }] of pinned) expect(dev, path).toBe(true);
  });

  it("names no registry in its lock file", () => {
    expect(read("package-lock.json")).not.toMatch(/"resolved": "https?:/);
  });

  it("warns of no old Node on installation, because scripts run under the pinned one", () => {
    // If it does: node tools/lock-engines.ts
    expect(askingForNewer(JSON.parse(read("package-lock.json")) as LockFile)).toEqual([]);
  });

  it("pins every dependency but Electron, which it keeps to one major version", () => {
    const manifest = JSON.parse(read("package.json")) as Record<string, Record<string, string>>;
    for (const kind of ["dependencies", "devDependencies", "optionalDependencies"]) {
      for (const [name, version] of Object.entries(manifest[kind] ?? {})) {
        if (name === "electron") expect(version).toMatch(/^\^45\./);
        else expect(version, name).toMatch(/^(\d+\.\d+\.\d+|npm:@.+@\d+\.\d+\.\d+|file:tools\/.+)$/);
      }
    }
  });
});
