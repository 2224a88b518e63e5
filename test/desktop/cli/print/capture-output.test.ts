import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CaptureOutput } from "../../../../desktop/cli/print/capture-output.ts";

let directory: string;
let file: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "laneway-output-"));
  file = join(directory, "a.pcapng");
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

describe("the file of a capture", () => {
  it("is readable only by its owner, even if an existing file was not", async () => {
    writeFileSync(file, "something longer");
    chmodSync(file, 0o644);
    expect(await CaptureOutput.open(file).write(Buffer.from("new"))).toBe(true);
    expect(readFileSync(file, "utf8")).toBe("new");
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it("must not be a directory, but may be a device", async () => {
    mkdirSync(file);
    expect(() => CaptureOutput.open(file)).toThrow(/EISDIR/);
    expect(await CaptureOutput.open("/dev/null").write(Buffer.from("new"))).toBe(true);
    expect(statSync("/dev/null").mode & 0o777).toBe(0o666);
  });
});
