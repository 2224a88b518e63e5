/**
 * Draws docs/performance.svg and rewrites the tables of docs/performance.md from the results of a run:
 *
 *     npm run bench -- all --json results.json && node test/bench/plot.ts results.json
 *
 * Each of several runs gets its own tables; the first with overlays is drawn.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { drawBars, type Panel } from "./results/bars.ts";
import { median } from "./results/quantile.ts";
import { report } from "./results/report.ts";
import type { Figures, Results } from "./results/results.ts";

const DOCS = join(import.meta.dirname, "../../docs");
const BEGIN = "<!-- from here on written by test/bench/plot.ts -->";
const END = "<!-- up to here -->";

const files = process.argv.slice(2);
if (files.length === 0) {
  process.stderr.write("usage: node test/bench/plot.ts RESULTS.json...\n");
  process.exit(2);
}
const runs = files.map((file) => JSON.parse(readFileSync(file, "utf8")) as Results);

// The kernel's 10 Gbit/s would shrink all other bars.
const systems = (runs.find((run) => run.systems !== undefined)?.systems ?? []).filter(
  ({ kind, figures }) => kind !== "kernel" && figures.p99Ms.length > 0,
);
const panel = (title: string, figure: keyof Figures, digits: number, scale = 1): Panel => ({
  title,
  digits,
  bars: systems.map(({ label, kind, figures }) => ({
    label: label.replaceAll("`", ""),
    value: median(figures[figure]) * scale,
    own: kind === "own",
  })),
});
if (systems.length > 0) {
  const svg = drawBars([
    panel("TCP, one stream, Gbit/s: more is better", "gbps", 2),
    panel(
      "64-byte UDP packets that arrive, thousands per second: more is better",
      "arrivedPerSecond",
      0,
      1e-3,
    ),
    panel("CPU seconds of all its processes per Gbit: less is better", "cpuPerGbit", 2),
    panel("Idle round trip, median, ms: less is better", "medianMs", 2),
  ]);
  writeFileSync(join(DOCS, "performance.svg"), svg);
}

const page = join(DOCS, "performance.md");
const text = readFileSync(page, "utf8");
const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
if (begin < 0 || end < begin) throw new Error(`${page} has no place for tables between ${BEGIN} and ${END}`);
writeFileSync(
  page,
  `${text.slice(0, begin + BEGIN.length)}\n\n${runs.map(report).join("\n")}\n${text.slice(end)}`,
);
