import { join } from "node:path";
import type { InlineConfig } from "vite";
import { PAGE_FOLDER } from "./page-assets.ts";

const APP = join(import.meta.dirname, "app");
const entry = (name: string) => join(APP, name);

/** How vite builds the operator's page and the join page. The relay writes their documents (`document.ts`, `join-page.ts`). */
export function pageBuild(): InlineConfig {
  return {
    root: APP,
    configFile: false,
    base: "./",
    logLevel: "warn",
    oxc: { jsx: { runtime: "automatic", importSource: "preact", development: false } },
    build: {
      outDir: PAGE_FOLDER,
      emptyOutDir: true,
      target: "es2024",
      // The polyfill would be a script of its own in each entry, and inlined assets data: URLs; the policy has neither.
      modulePreload: false,
      assetsInlineLimit: 0,
      cssCodeSplit: false,
      reportCompressedSize: false,
      rolldownOptions: {
        input: { main: entry("main.tsx"), join: entry("join.ts"), theme: entry("theme.ts") },
        // Names without a hash: the URL of every file has the hash of all of them (`page-assets.ts`).
        output: {
          entryFileNames: "[name].js",
          chunkFileNames: "[name].js",
          assetFileNames: "[name][extname]",
        },
      },
    },
  };
}
