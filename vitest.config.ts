import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: "test/support/build-page.ts",
    // Real hosts, NATs and relays are started here: what is slow on two busy cores has not failed.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
    // The suite, and the processes that it starts, find out who uses memory after its release (shared/tunnel/hostile-memory.ts).
    env: { LANEWAY_HOSTILE_MEMORY: "1" },
    reporters: ["default", "./test/support/reporter.ts"],
  },
});
