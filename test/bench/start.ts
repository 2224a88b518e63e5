import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { median } from "./results/quantile.ts";
import type { StartResult } from "./results/results.ts";

const LANEWAY = fileURLToPath(new URL("../../bin/laneway.js", import.meta.url));

/** Commands that end by themselves and need nothing that runs. */
const COMMANDS = [
  "--version",
  "--help",
  "relay --help",
  "up --help",
  "invite create --help",
  "completion bash",
].map((line) => ({ line, args: [LANEWAY, ...line.split(" ")] }));

const ROUNDS = 20;

/** Measures how long commands take, in turn with Node that does nothing. */
export function measureStart(): StartResult[] {
  const all = [{ line: "node -e 0", args: ["-e", "0"] }, ...COMMANDS];
  const milliseconds = all.map(() => [] as number[]);
  // The first round fills Node's cache of compiled code.
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [index, { line, args }] of all.entries()) {
      const began = performance.now();
      const { status } = spawnSync(process.execPath, args, { stdio: "ignore" });
      const took = performance.now() - began;
      if (status !== 0) throw new Error(`'${line}' ended with ${status}`);
      if (round > 0) milliseconds[index]?.push(took);
    }
  }
  const [bare = Number.NaN] = milliseconds.map((list) => median(list));
  return all.map(({ line }, index) => {
    const own = median(milliseconds[index] ?? []);
    return { command: line, milliseconds: own, ratio: own / bare };
  });
}
