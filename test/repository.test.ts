import { globSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { describe, expect, it } from "vitest";
import { askingForNewer, type LockFile } from "../tools/lock-engines.ts";

const ROOT = join(import.meta.dirname, "..");
/** All but what is made here: not from git, which a machine that has the files need not have. */
const files = globSync("**/*.{ts,tsx}", { cwd: ROOT, exclude: ["**/node_modules", "dist", "coverage"] });
const read = (file: string) => readFileSync(join(ROOT, file), "utf8");

/** What the files below `folder` import of this repository: paths from its root. */
function* imports(folder: string): Generator<{ readonly file: string; readonly path: string }> {
  for (const file of files.filter((name) => name.startsWith(`${folder}/`) && /\.tsx?$/.test(name))) {
    for (const [, target = ""] of read(file).matchAll(/(?:from|import\()\s*"(\.[^"]+)"/g)) {
      yield { file, path: relative(ROOT, join(ROOT, dirname(file), target)) };
    }
  }
}

/** Top-level folders whose files the files below `folder` import, but for itself. */
function importsOf(folder: string): Set<string> {
  const tops = [...imports(folder)].map(({ path }) => path.split("/")[0] ?? "");
  return new Set(tops.filter((top) => top !== folder));
}

describe("the repository", () => {
  it("runs its scripts under the Node that it pins", () => {
    expect(process.versions.node.split(".")[0]).toBe("24");
  });

  it("points its dependencies one way: relay and desktop to shared, never at each other", () => {
    expect(importsOf("shared")).toEqual(new Set());
    expect(importsOf("system")).toEqual(new Set(["shared"]));
    for (const side of ["relay", "desktop"]) expect(importsOf(side)).toEqual(new Set(["shared", "system"]));
  });

  it("has an agent that knows nothing of the commands and windows that it is used by", () => {
    for (const { file, path } of imports("desktop/agent")) {
      expect(path, file).not.toMatch(/^desktop\/(cli|main|preload|renderer)\//);
    }
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
