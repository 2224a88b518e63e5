import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openDataDirectory } from "../../../relay/store/data-directory.ts";

describe("the data directory", () => {
  let root = "";

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "laneway-data-"));
  });

  afterEach(() => rmSync(root, { recursive: true, force: true }));

  it("is created with its parents, for its owner alone", () => {
    const path = join(root, "a", "b");
    expect(openDataDirectory(path)).toEqual({
      database: join(path, "laneway.db"),
      adminTokenFile: join(path, "admin.token"),
      adminToken: expect.stringMatching(/^[A-Za-z0-9_-]{43}$/),
    });
    expect(modeOf(path)).toBe("700");
    expect(modeOf(join(path, "admin.token"))).toBe("600");
  });

  it("keeps its administrator's token", () => {
    const { adminToken, adminTokenFile } = openDataDirectory(root);
    expect(readFileSync(adminTokenFile, "utf8").trim()).toBe(adminToken);
    expect(openDataDirectory(root).adminToken).toBe(adminToken);
    expect(openDataDirectory(mkdtempSync(join(root, "other-"))).adminToken).not.toBe(adminToken);
  });

  it("accepts a token that an operator put there, with any white space around it", () => {
    writeFileSync(join(root, "admin.token"), "  chosen-by-hand \n\n");
    expect(openDataDirectory(root).adminToken).toBe("chosen-by-hand");
  });

  it("cannot be below a file; the error names its path", () => {
    const file = join(root, "file");
    writeFileSync(file, "");
    const path = join(file, "data");
    expect(() => openDataDirectory(path)).toThrow(
      expect.objectContaining({
        code: "data.unwritable",
        exitCode: 1,
        message: expect.stringContaining(path),
        hint: expect.stringContaining("--data"),
      }),
    );
    expect(existsSync(path)).toBe(false);
  });

  it("cannot be a file, or have a token that is empty or a directory", () => {
    const unwritable = expect.objectContaining({ code: "data.unwritable" });
    const file = join(root, "file");
    writeFileSync(file, "");
    expect(() => openDataDirectory(file)).toThrow(unwritable);
    mkdirSync(join(root, "empty"));
    writeFileSync(join(root, "empty", "admin.token"), "\n");
    expect(() => openDataDirectory(join(root, "empty"))).toThrow(unwritable);
    mkdirSync(join(root, "odd", "admin.token"), { recursive: true });
    expect(() => openDataDirectory(join(root, "odd"))).toThrow(unwritable);
  });
});

function modeOf(path: string): string {
  return (statSync(path).mode & 0o777).toString(8);
}
