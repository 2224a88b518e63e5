import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** The marker before the fuses in Electron's program (@electron/fuses, "constants"): the only way to find them. */
const SENTINEL = "dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX";

/** Electron's defaults, in order: `1` is on, `0` is off. */
const FUSES = "101100011";

/**
 * Makes a folder that electron-builder takes for unpacked Electron. Its program only has fuses: the real one is not
 * available everywhere.
 */
export async function makeStandIn(folder: string): Promise<void> {
  await mkdir(join(folder, "locales"), { recursive: true });
  await mkdir(join(folder, "resources"));
  const wire = Buffer.concat([
    Buffer.from(`#!/bin/false\n${SENTINEL}`),
    Buffer.from([1, FUSES.length]),
    Buffer.from(FUSES),
    Buffer.from("\n"),
  ]);
  const files: Record<string, string | Buffer> = {
    electron: wire,
    "chrome-sandbox": "stand-in",
    LICENSE: "stand-in",
    "LICENSES.chromium.html": "stand-in",
    version: "stand-in",
    "locales/en-US.pak": "stand-in",
    "locales/zh-CN.pak": "stand-in",
    "locales/de.pak": "stand-in",
  };
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
  await chmod(join(folder, "electron"), 0o755);
}
