import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { DENO_ON_EVERY_COMMIT } from "./runtimes.ts";

it.each(Object.values(DENO_ON_EVERY_COMMIT).flat())(
  "runs %s under Deno on every commit: it is there",
  (file) => {
    expect(existsSync(join(import.meta.dirname, "../..", file))).toBe(true);
  },
);
