import { Buffer } from "node:buffer";
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { DROP_WORDS } from "../shared/switch/drop-words.ts";
import { commonJsAsModule } from "./http/page/common-js.ts";
import type { PageFiles } from "./http/page/page-assets.ts";

/** Reads what the operator's page is made of from the disk: its own files, and the packages that they import. */
export function readPageFiles(): PageFiles {
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  const own = join(import.meta.dirname, "http/page/browser");
  for (const entry of readdirSync(own, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !/\.(?:js|css|svg)$/.test(entry.name)) continue;
    const path = join(entry.parentPath, entry.name);
    files.set(path.slice(own.length + 1).replaceAll("\\", "/"), readFileSync(path));
  }
  const drops = `export const enDrops = ${JSON.stringify(DROP_WORDS, undefined, 2)};\n`;
  files.set("text/en-drops.js", Buffer.from(drops));
  files.set("packages/preact.js", packaged(import.meta.resolve("preact")));
  files.set("packages/preact-hooks.js", packaged(import.meta.resolve("preact/hooks")));
  files.set("packages/signals.js", packaged(import.meta.resolve("@preact/signals")));
  files.set("packages/signals-core.js", packaged(import.meta.resolve("@preact/signals-core")));
  files.set("packages/qrcode.js", Buffer.from(qrcode()));
  return files;
}

/** Without the name of its source map, which is not served. */
function packaged(url: string): Uint8Array<ArrayBuffer> {
  const text = readFileSync(fileURLToPath(url), "utf8");
  return Buffer.from(text.replace(/\n\/\/# sourceMappingURL=.*\s*$/, "\n"));
}

/** The part of the package `qrcode` that computes a code; the others draw it, on what the page does not have. */
function qrcode(): string {
  const require = createRequire(import.meta.url);
  const main = dirname(require.resolve("qrcode"));
  const core = join(main, "core/qrcode.js");
  return commonJsAsModule(core, ["create"], {
    read: (path) => readFileSync(path, "utf8"),
    resolve: (specifier, from) => createRequire(from).resolve(specifier),
  });
}
