import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { laneway, startRelay, type TestRelay } from "../../support/network/lab.ts";

let relay: TestRelay;
let directory: string;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "laneway-backup-"));
  relay = await startRelay();
});
afterAll(async () => {
  await relay[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true, force: true });
});

describe("laneway backup", () => {
  it("writes a file readable only by its owner, replacing the previous one, and restore reads it", async () => {
    const file = join(directory, "relay.db");
    writeFileSync(file, "older");
    expect(await relay.admin("backup", file)).toMatchObject({
      code: 0,
      stderr: "",
      objects: [{ event: "backed-up", file, bytes: expect.any(Number) }],
    });
    expect(readFileSync(file).toString("latin1", 0, 15)).toBe("SQLite format 3");
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const data = join(directory, "data");
    expect(await laneway(["restore", file, "--data", data, "--json"])).toMatchObject({
      code: 0,
      stderr: "",
      objects: [{ event: "restored", data, kept: null }],
    });
    expect(existsSync(join(data, "laneway.db"))).toBe(true);
  });

  it("reports where it could not write", async () => {
    const file = join(directory, "nowhere", "relay.db");
    const { code, stderr } = await relay.admin("backup", file);
    expect(code).toBe(1);
    expect(stderr).toContain(file);
    expect(existsSync(file)).toBe(false);
  });
});

describe("laneway restore", () => {
  it("refuses a data directory in use, and a file that is no backup", async () => {
    const file = join(directory, "not-a-backup.db");
    writeFileSync(file, "something else");
    const data = join(directory, "other");
    const { code, stderr } = await laneway(["restore", file, "--data", data]);
    expect(code).toBe(1);
    expect(stderr).not.toMatch(/^\s+at /m);
    const used = await laneway(["restore", file, "--data", relay.data]);
    expect(used.code).toBe(1);
    expect(await relay.admin("tenant", "list")).toMatchObject({ code: 0 });
  });
});
