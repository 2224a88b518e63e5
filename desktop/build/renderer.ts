import { join } from "node:path";
import type { InlineConfig } from "vite";

const ROOT = join(import.meta.dirname, "../renderer");

/** Returns the build of the window's files. The tests use it too, so that they test what is packaged. */
export function rendererBuild(): InlineConfig {
  return {
    root: ROOT,
    configFile: false,
    // Relative, because the files are loaded by app://.
    base: "./",
    logLevel: "warn",
    oxc: { jsx: { runtime: "automatic", importSource: "preact", development: false } },
    build: {
      target: "chrome140",
      emptyOutDir: true,
      // The content security policy forbids both: the polyfill would be an inline script, and inlined assets data:
      // URLs.
      modulePreload: false,
      assetsInlineLimit: 0,
      cssCodeSplit: false,
      rolldownOptions: { input: join(ROOT, "index.html") },
    },
  };
}
