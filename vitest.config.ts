import { tmpdir } from "node:os";
import { join } from "node:path";
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: "test/support/build-page.ts",
    // Real hosts, NATs and relays are started here: what is slow on two busy cores has not failed.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // On two cores: half of the time goes by waiting for timers of kernels and protocols, which a third file fills.
    maxWorkers: 3,
    // For the suite and the processes that it starts.
    env: {
      // Finds uses of memory after its release (shared/tunnel/hostile-memory.ts).
      LANEWAY_HOSTILE_MEMORY: "1",
      // Relays, agents and commands are started some thousand times: each start takes half as long with their code compiled.
      NODE_COMPILE_CACHE: join(tmpdir(), "node-compile-cache"),
    },
    reporters: ["default", "./test/support/reporter.ts"],
  },
});
