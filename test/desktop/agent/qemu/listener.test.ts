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

describe("where virtual machines connect", () => {
  it("is a path that holds nothing else", async () => {
    writeFileSync(path, "precious");
    await expect(open()).rejects.toMatchObject({
      code: "qemu.listen",
      message: expect.stringContaining("a file is at"),
      hint: expect.stringContaining("Move it away"),
    });
    expect(readFileSync(path, "utf8")).toBe("precious");
  });

  it("is not where others listen already", async () => {
    const first = await open();
    await expect(open()).rejects.toMatchObject({
      code: "qemu.listen",
      message: expect.stringContaining("listens"),
    });
    await first.close();
  });

  it("is gone with the listener, and what came there since is not", async () => {
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
