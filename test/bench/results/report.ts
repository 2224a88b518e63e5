// Formats the results of a run as text and tables, for the terminal and for docs/performance.md.

import { targetTable } from "../targets.ts";
import { median } from "./quantile.ts";
import type {
  Figures,
  HubResult,
  Machine,
  MicroResult,
  Results,
  StartResult,
  SystemResult,
  UplinkResult,
} from "./results.ts";
import { table } from "./table.ts";

/** Formats all results as Markdown. */
export function report(results: Results): string {
  const { machine, micro, start, systems, uplink, hub } = results;
  const parts = [runLine(machine)];
  const targets = targetTable(results);
  if (targets.trim().split("\n").length > 2) parts.push("### Targets", targets);
  if (systems !== undefined) parts.push("### The whole path", systemTable(systems), ...ratioTables(systems));
  if (uplink !== undefined) parts.push("### A full uplink", uplinkTable(uplink));
  if (hub !== undefined) parts.push("### The hub", ...hubParts(hub));
  if (start !== undefined) parts.push("### Starts", startTable(start));
  if (micro !== undefined) parts.push("### Single steps", microTable(micro));
  return `${parts.map((part) => part.trim()).join("\n\n")}\n`;
}

function runLine({ at, cpu, cores, kernel, node, commit, seconds, repetitions }: Machine): string {
  const runs = repetitions === 1 ? "one repetition" : `medians of ${repetitions} repetitions`;
  return `Run of ${at}, commit ${commit}: ${cores} cores (${cpu}), Linux ${kernel}, Node ${node}; ${runs} of ${seconds} s.`;
}

function systemTable(systems: readonly SystemResult[]): string {
  const cell = (figures: Figures, figure: keyof Figures, digits: number, scale = 1) => {
    const values = figures[figure];
    return values.length === 0 ? "–" : (median(values) * scale).toFixed(digits);
  };
  const rows = systems.map(({ label, figures, error }) =>
    figures.gbps.length === 0
      ? [label, error ?? "–", ...new Array<string>(6).fill("–")]
      : [
          label,
          cell(figures, "gbps", 2),
          cell(figures, "gbpsOf4", 2),
          cell(figures, "cpuPerGbit", 2),
          cell(figures, "arrivedPerSecond", 0, 1e-3),
          cell(figures, "medianMs", 2),
          cell(figures, "p99Ms", 2),
          cell(figures, "foreign", 1),
        ],
  );
  const head = [
    "",
    "TCP, Gbit/s",
    "four streams",
    "CPU, s/Gbit",
    "64-byte UDP, k/s",
    "ping, median, ms",
    "p99, ms",
  ];
  return table([...head, "others' CPU, s"], rows);
}

/** Compares the speed of each of ours with each other overlay, as ratios: one table for TCP, one for packets. */
function ratioTables(systems: readonly SystemResult[]): string[] {
  const measured = systems.filter(({ figures }) => figures.arrivedPerSecond.length > 0);
  const own = measured.filter(({ kind }) => kind === "own");
  const others = measured.filter(({ kind }) => kind !== "own");
  if (own.length === 0 || others.length === 0) return [];
  const ratios = (what: string, figure: keyof Figures) => {
    const rows = others
      .filter(({ figures }) => figures[figure].length > 0)
      .map((other) => [
        other.label,
        ...own.map((one) => `${(median(one.figures[figure]) / median(other.figures[figure])).toFixed(2)} ×`),
      ]);
    return table([what, ...own.map(({ label }) => label)], rows);
  };
  return [
    ratios("TCP, one stream, as a multiple of", "gbps"),
    ratios("64-byte UDP that arrives, as a multiple of", "arrivedPerSecond"),
    ratios("idle round trip, median, as a multiple of", "medianMs"),
    ratios("CPU seconds per Gbit, as a multiple of", "cpuPerGbit"),
  ];
}

function startTable(results: readonly StartResult[]): string {
  const rows = results.map(({ command, milliseconds, ratio }) => [
    command,
    milliseconds.toFixed(0),
    ratio.toFixed(2),
  ]);
  return table(["command", "ms", "of node -e 0"], rows);
}

function uplinkTable(results: readonly UplinkResult[]): string {
  const rows = results.map(({ label, tcp, udp, foreign }) => [
    label,
    tcp.medianMs.toFixed(1),
    `${(tcp.share * 100).toFixed(0)} %`,
    tcp.retransmits,
    udp.medianMs.toFixed(1),
    `${(udp.share * 100).toFixed(0)} %`,
    foreign.toFixed(1),
  ]);
  const head = [
    "",
    "beside TCP, ms",
    "TCP's share",
    "retransmits",
    "beside UDP, ms",
    "UDP's share",
    "others' CPU, s",
  ];
  const [{ seconds } = { seconds: 0 }] = results;
  return `Round trips, medians, with an uplink of 200 Mbit/s full for ${seconds} s.\n\n${table(head, rows)}`;
}

function hubParts({ broadcast, idle, stalled }: HubResult): string[] {
  const { seconds, atRestMib, beforeMib, afterMib, mostMib, beside } = stalled;
  const mib = (value: number) => `${value.toFixed(1)} MiB`;
  const rows = broadcast.map((one) => [
    `${one.members} members, ${one.batch} in a message`,
    Math.round(one.deliveriesPerSecond).toLocaleString("en"),
    `${(one.relayCpu * 100).toFixed(0)} %`,
    `${(one.readersCpu * 100).toFixed(0)} %`,
    one.foreign.toFixed(1),
  ]);
  const pair = Object.entries({ "it reads": beside.before, "it does not": beside.after }).map(
    ([when, { sent, arrived, medianMs, p99Ms }]) => [
      `while ${when}`,
      sent,
      arrived,
      medianMs.toFixed(2),
      p99Ms.toFixed(2),
    ],
  );
  return [
    table(
      [
        "broadcasts of 1500 bytes",
        "deliveries/s",
        "relay, of a core",
        "readers, of a core",
        "others' CPU, s",
      ],
      rows,
    ),
    `${idle.sessions.toLocaleString("en")} idle sessions: ${idle.kibEach.toFixed(1)} KiB of the relay's memory each.`,
    `A receiver that a sender pushes at with all it has, and that stops reading for ${seconds} s: the relay has ` +
      `${mib(atRestMib)} before anything is sent, ${mib(beforeMib)} while it reads, ${mib(afterMib)} when it has not ` +
      `read for so long, at most ${mib(mostMib)}. A pair beside it, a frame every 2 ms:`,
    table(["", "sent", "arrived", "median, ms", "p99, ms"], pair),
  ];
}

function microTable(steps: readonly MicroResult[]): string {
  const measure = steps[0]?.nanoseconds ?? 1;
  const rows = steps.map(({ step, nanoseconds }) => [
    step,
    nanoseconds.toFixed(0),
    (nanoseconds / measure).toFixed(2),
  ]);
  return table(["step", "ns", "copies of a frame"], rows);
}
