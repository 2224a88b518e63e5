import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { CaptureFiles, type CaptureState } from "../../../../desktop/main/agent/capture-files.ts";
import type { Call } from "../../../../desktop/rpc/schema.ts";

const piece = (text: string, frames: number) => ({
  job: "j1",
  data: Buffer.from(text).toString("base64"),
  frames,
  dropped: 0,
});

describe("a capture into a file", () => {
  let folder: string;
  let file: string;
  let told: CaptureState[];
  let captures: CaptureFiles;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "laneway-capture-"));
    file = join(folder, "a.pcapng");
    told = [];
    const agent = (async (method: string) => {
      // Before its own answer is read.
      if (method === "capture.start") captures.heard(piece("first ", 1));
      return method === "capture.start" ? { job: "j1" } : {};
    }) as unknown as Call;
    captures = new CaptureFiles({ agent, changed: (state) => told.push(state) });
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  const ended = () => vi.waitFor(() => expect(told.at(-1)?.state).not.toBe("running"), 10_000);

  it("contains all pieces in order, is readable only by its owner, and reports progress", async () => {
    expect(await captures.start("n1", undefined, file)).toBe("j1");
    captures.heard(piece("second ", 2));
    captures.heard(piece("third", 3));
    expect(captures.done({ job: "j1", outcome: "ok", error: null })).toBe(true);
    await ended();
    expect(readFileSync(file, "utf8")).toBe("first second third");
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(told.at(-1)).toEqual({ job: "j1", state: "done", file, packets: 3, bytes: 18 });
    expect(captures.done({ job: "j1", outcome: "ok", error: null })).toBe(false);
  });

  it("reports the reason if the agent goes away", async () => {
    await captures.start("n1", 5, file);
    captures.lost();
    await ended();
    expect(told.at(-1)).toMatchObject({ state: "failed", error: { code: "agent.gone" } });
    expect(readFileSync(file, "utf8")).toBe("first ");
  });

  it("does not start if the file can't be written", async () => {
    await expect(captures.start("n1", 5, join(folder, "no/such/file"))).rejects.toMatchObject({
      code: "app.file-unwritable",
    });
    expect(told).toEqual([]);
  });
});
