import { table } from "../bench/results/table.ts";
import type { Results } from "./campaign.ts";
import type { Bounds } from "./options.ts";
import { describe, type Phase } from "./phases.ts";
import type { BystandersSaw } from "./stage.ts";

/** A condition that did not hold. */
export interface Finding {
  /** `isolation` and `life` hold on any machine; `time` and `memory` depend on how busy it is. */
  readonly about: "isolation" | "life" | "time" | "memory";
  readonly text: string;
}

/** Judges results and returns the conditions that did not hold. */
export function findings({ phases, recoveries }: Results, bounds: Bounds): Finding[] {
  const found: Finding[] = [];
  for (const phase of phases) found.push(...findingsOf(phase, bounds));
  for (const { transport, base, after, bystanders } of recoveries) {
    const find = (about: Finding["about"], text: string) =>
      found.push({ about, text: `${describe(transport)}, afterwards: ${text}` });
    if (after > base + bounds.after)
      find("memory", `${mib(after)} are still in use, ${mib(base)} were before`);
    if (bystanders === undefined) find("life", "the bystanders' program failed");
    else for (const text of lossesOf(bystanders)) find("isolation", text);
  }
  return found;
}

function findingsOf(phase: Phase, bounds: Bounds): Finding[] {
  const { bystanders, attackers, memory, ended, errors } = phase;
  const found: Finding[] = [];
  const find = (about: Finding["about"], text: string) =>
    found.push({ about, text: `${describe(phase.transport)}, ${phase.name}: ${text}` });
  if (ended !== undefined) find("life", `the relay ended: ${ended}`);
  for (const error of errors) find("life", `the relay logged an error: ${error}`);
  for (const { kind, leaks, leaked, counts, failed } of attackers) {
    if (leaks > 0) find("isolation", `'${kind}' read bystanders' bytes ${leaks} times, as ${leaked[0]}`);
    for (const what of Object.keys(counts)) {
      if (/^(LET IN|LEAKED)/.test(what)) find("isolation", `'${kind}': ${what}`);
    }
    if (failed !== undefined) find("life", `the attacker '${kind}' itself failed: ${failed}`);
  }
  if (bystanders !== undefined) {
    const { p50, max } = bystanders;
    for (const text of lossesOf(bystanders)) find("isolation", text);
    if (p50 > bounds.p50) find("time", `bystanders' median round trip was ${ms(p50)} ms`);
    if (max > bounds.max) find("time", `bystanders' longest round trip was ${ms(max)} ms`);
  } else if (ended === undefined) find("life", "the bystanders' program failed");
  const growth = memory.most - memory.base;
  if (growth > bounds.memory) find("memory", `the relay grew by ${mib(growth)}`);
  return found;
}

/** Returns the bystanders' lost frames, and the bytes of others that they got. */
function lossesOf({ lost, duplicates, foreign, problems, refused }: BystandersSaw): string[] {
  return [
    ...(foreign > 0 ? [`bystanders were given ${foreign} messages with bytes not meant for them`] : []),
    ...(duplicates > 0 ? [`bystanders were given ${duplicates} frames twice`] : []),
    ...(lost > 0 ? [`bystanders lost ${lost} frames`] : []),
    ...problems.map((problem) => `a bystander's trouble: ${problem}`),
    ...(refused.length > 0
      ? [`${refused.length} new sessions of bystanders were refused: ${refused[0]}`]
      : []),
  ];
}

/** Formats the results as text: a table of the phases, the attackers' steps, and the failed conditions. */
export function report(results: Results, found: readonly Finding[]): string {
  const head = [
    "phase",
    "p50",
    "p99",
    "max",
    "frames",
    "lost",
    "foreign",
    "leaks",
    "new",
    "MiB",
    "most",
    "waited",
    "relay",
  ];
  const rows = results.phases.map((phase) => {
    const { bystanders: saw, memory, waitedMs, ended } = phase;
    const leaks = phase.attackers.reduce((sum, one) => sum + one.leaks, 0);
    return [
      `${describe(phase.transport)}: ${phase.name}`,
      ...(saw === undefined
        ? ["–", "–", "–", "–", "–", "–"]
        : [ms(saw.p50), ms(saw.p99), ms(saw.max), saw.received, saw.lost, saw.foreign]),
      leaks,
      saw === undefined
        ? "–"
        : `${ms(saw.newcomerMax)}${saw.refused.length > 0 ? ` (${saw.refused.length} no)` : ""}`,
      Math.round(memory.base),
      Math.round(memory.most),
      Number.isNaN(waitedMs) ? "–" : ms(waitedMs),
      ended ?? "alive",
    ];
  });
  const after = results.recoveries.map(
    ({ transport, base, after }) =>
      `${describe(transport)}: ${mib(after)} after the attacker, ${mib(base)} before it\n`,
  );
  const verdict =
    found.length === 0
      ? "everything held\n"
      : `${found.length} did not hold:\n${found.map(({ about, text }) => `  ${about}: ${text}\n`).join("")}`;
  return (
    `seed ${results.seed}\n\n${table(head, rows)}\n` +
    "Bystanders' round trips and their slowest new session in milliseconds; 'waited' is how long the relay waited for a\n" +
    `processor, in milliseconds, which other programs of the machine add to.\n\n${deeds(results)}\n${after.join("")}\n${verdict}`
  );
}

/** Sums the attackers' steps over all phases. */
function deeds({ phases }: Results): string {
  const kinds = new Map<string, Map<string, number>>();
  for (const { kind, counts } of phases.flatMap(({ attackers }) => attackers)) {
    const sums = kinds.get(kind) ?? new Map<string, number>();
    kinds.set(kind, sums);
    for (const [what, count] of Object.entries(counts)) sums.set(what, (sums.get(what) ?? 0) + count);
  }
  return [...kinds]
    .map(([kind, sums]) => `${kind}: ${[...sums].map(([what, count]) => `${what} ${count}`).join("; ")}\n`)
    .join("");
}

function ms(value: number): string {
  return Number.isFinite(value) ? value.toFixed(1) : "–";
}

function mib(value: number): string {
  return `${Math.round(value)} MiB`;
}
