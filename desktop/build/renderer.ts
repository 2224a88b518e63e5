import { join } from "node:path";
import type { InlineConfig } from "vite";

const ROOT = join(import.meta.dirname, "../renderer");

/** How the window's files are built: also by the tests, so that what they look at is what is packaged. */
export function rendererBuild(): InlineConfig {
  return {
    root: ROOT,
    configFile: false,
    // Relative, because the files are read by app://.
    base: "./",
    logLevel: "warn",
    oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
    build: {
      target: "chrome140",
      emptyOutDir: true,
      // The polyfill would be an inline script, and inlined assets data: URLs; the content security policy has neither.
      modulePreload: false,
      assetsInlineLimit: 0,
      cssCodeSplit: false,
      rolldownOptions: { input: join(ROOT, "index.html") },
    },
  };
}
