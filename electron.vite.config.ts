// Builds the desktop app into dist/app: three bundles that need nothing of node_modules where they run.
import { join } from "node:path";
import { defineConfig } from "electron-vite";
import { rendererBuild } from "./desktop/build/renderer.ts";

const desktop = join(import.meta.dirname, "desktop");
const OUTPUT = process.env["LANEWAY_APP_BUILD"] ?? join(import.meta.dirname, "dist", "app");
const window = rendererBuild();

export default defineConfig({
  main: {
    build: {
      outDir: join(OUTPUT, "main"),
      externalizeDeps: false,
      sourcemap: true,
      rolldownOptions: { input: { index: join(desktop, "main", "index.ts") } },
    },
  },
  preload: {
    build: {
      outDir: join(OUTPUT, "preload"),
      externalizeDeps: false,
      rolldownOptions: {
        input: { index: join(desktop, "preload", "index.ts") },
        // A preload in the sandbox is a script, not a module, and can require nothing but `electron`.
        output: { format: "cjs", entryFileNames: "index.cjs", codeSplitting: false },
      },
    },
  },
  renderer: {
    ...window,
    // Said here: electron-vite reads this file from a bundle, in which other files don't know where they are.
    root: join(desktop, "renderer"),
    build: {
      ...window.build,
      outDir: join(OUTPUT, "renderer"),
      minify: true,
      sourcemap: true,
      rolldownOptions: { input: join(desktop, "renderer", "index.html") },
    },
  },
});
