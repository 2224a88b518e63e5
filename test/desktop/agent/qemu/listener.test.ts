import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { QemuListener } from "../../../../desktop/agent/qemu/listener.ts";

const signal = new AbortController().signal;
let directory: string;
let path: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "laneway-qemu-"));
  path = join(directory, "machines.sock");
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const open = () => QemuListener.open({ path }, signal, () => {});

describe("the listener for virtual machines", () => {
  it("accepts a path that is not another file", async () => {
    writeFileSync(path, "precious");
    await expect(open()).rejects.toMatchObject({
      code: "qemu.listen",
      message: expect.stringContaining("a file is at"),
      hint: expect.stringContaining("Move it away"),
    });
    expect(readFileSync(path, "utf8")).toBe("precious");
  });

  it("refuses an address in use", async () => {
    const first = await open();
    await expect(open()).rejects.toMatchObject({
      code: "qemu.listen",
      message: expect.stringContaining("listens"),
    });
    await first.close();
  });

  it("removes its socket on closing, but not a file that replaced it", async () => {
    const first = await open();
    expect(first.at).toBe(`unix:${path}`);
    await first.close();
    expect(existsSync(path)).toBe(false);
    const second = await open();
    rmSync(path);
    writeFileSync(path, "precious");
    await second.close();
    expect(readFileSync(path, "utf8")).toBe("precious");
  });
});
