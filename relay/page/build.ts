import { join } from "node:path";
import type { InlineConfig } from "vite";
import { PAGE_FOLDER } from "./page-assets.ts";

const APP = join(import.meta.dirname, "app");
const entry = (name: string) => join(APP, name);

/**
 * Returns vite's configuration for the operator's page and the join page. The relay writes their documents
 * (`document.ts`, `join-page.ts`).
 */
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
      // Omits the polyfill, an extra script in each entry, and inlined assets, which are data: URLs. The policy covers
      // neither.
      modulePreload: false,
      assetsInlineLimit: 0,
      cssCodeSplit: false,
      reportCompressedSize: false,
      rolldownOptions: {
        input: { main: entry("main.tsx"), join: entry("join.ts"), theme: entry("theme.ts") },
        // Without hashes in names, because every file's URL contains the hash of all files (`page-assets.ts`).
        output: {
          entryFileNames: "[name].js",
          chunkFileNames: "[name].js",
          assetFileNames: "[name][extname]",
        },
      },
    },
  };
}
