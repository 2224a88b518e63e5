import type { AttackOptions } from "./options.ts";
import { type Phase, type Recovery, run } from "./phases.ts";

/** Seconds after which a longer run restarts with another seed and an empty relay. */
const CYCLE = 120;

export interface Results {
  readonly seed: number;
  readonly phases: readonly Phase[];
  readonly recoveries: readonly Recovery[];
}

/** Attacks a relay by each transport in turn, for `seconds` in all; the first transport gets half of them. */
export async function campaign(
  options: AttackOptions,
  signal: AbortSignal,
  say: (line: string) => void,
): Promise<Results> {
  const { seconds, seed, transports, bounds } = options;
  const phases: Phase[] = [];
  const recoveries: Recovery[] = [];
  const cycles = Math.max(1, Math.round(seconds / CYCLE));
  for (let cycle = 0; cycle < cycles; cycle++) {
    for (const [index, transport] of transports.entries()) {
      const others = transports.length - 1;
      const share = others === 0 ? 1 : index === 0 ? 0.5 : 0.5 / others;
      const { phases: more, recovery } = await run({
        ...options,
        transport,
        seed: seed + cycle * 10_000 + index * 1_000,
        seconds: (seconds / cycles) * share,
        boundAfter: bounds.after,
        signal,
        say,
      });
      phases.push(...more);
      if (recovery !== undefined) recoveries.push(recovery);
    }
  }
  return { seed, phases, recoveries };
}
