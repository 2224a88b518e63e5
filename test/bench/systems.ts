import { Iperf } from "./iperf.ts";
import type { Quiet } from "./machine/quiet.ts";
import { missingPackages, type Overlay, ready } from "./overlay.ts";
import { ping } from "./ping.ts";
import type { Figures, SystemResult } from "./results/results.ts";
import { Star } from "./star.ts";

const PINGS = 1_000;
const PING_INTERVAL_MS = 2;
const UDP_PAYLOAD = 64;

export interface MeasureOptions {
  readonly seconds: number;
  readonly repetitions: number;
  readonly quiet: Quiet;
  readonly signal: AbortSignal;
  say(line: string): void;
}

/**
 * Measures overlays side by side: one after the other in each repetition, so that a machine that becomes slower does so
 * for all. A failed overlay reports its error; the others continue.
 */
export async function measureSystems(
  overlays: readonly Overlay[],
  options: MeasureOptions,
): Promise<SystemResult[]> {
  const results = overlays.map(({ name, label, kind, ...overlay }) => {
    const missing = missingPackages({ name, label, kind, ...overlay });
    const error = missing.length > 0 ? `skipped: install ${missing.join(", ")}` : undefined;
    return { name, label, kind, figures: noFigures(), error };
  });
  for (const { label, error } of results) if (error !== undefined) options.say(`${label}: ${error}`);
  for (let repetition = 1; repetition <= options.repetitions; repetition++) {
    for (const [i, overlay] of overlays.entries()) {
      const result = results[i];
      if (result === undefined || result.error !== undefined) continue;
      options.say(`${overlay.label} (${repetition} of ${options.repetitions})`);
      try {
        await measureOne(overlay, result.figures, options);
      } catch (error) {
        options.signal.throwIfAborted();
        result.error = error instanceof Error ? error.message : String(error);
        options.say(`${overlay.label}: ${result.error}`);
      }
    }
  }
  return results.map(({ error, ...result }) => (error === undefined ? result : { ...result, error }));
}

async function measureOne(overlay: Overlay, figures: Figures, options: MeasureOptions): Promise<void> {
  const { seconds, quiet, signal } = options;
  await using star = await Star.create(signal);
  const target = await ready(star, await overlay.start(star));
  const own = await star.processes();
  const iperf = new Iperf(star, target, signal);
  // Each overlay warms up: it compiles code, grows buffers, and learns neighbours.
  await iperf.tcp(1, 1);

  const one = await quiet.measure(own, () => iperf.tcp(seconds, 1));
  figures.gbps.push(one.value.gbps);
  figures.retransmits.push(one.value.retransmits);
  // The kernel's own tunnels have no process.
  if (own.length > 0) figures.cpuPerGbit.push(one.cpu / one.value.gbit);
  const four = await quiet.measure(own, () => iperf.tcp(seconds, 4));
  figures.gbpsOf4.push(four.value.gbps);
  const udp = await quiet.measure(own, () => iperf.udp(seconds, "0", UDP_PAYLOAD));
  figures.arrivedPerSecond.push(udp.value.arrivedPerSecond);
  const idle = await quiet.measure(own, () =>
    ping(star, target, { count: PINGS, intervalMs: PING_INTERVAL_MS, signal }),
  );
  figures.medianMs.push(idle.value.medianMs);
  figures.p99Ms.push(idle.value.p99Ms);
  figures.foreign.push([one, four, udp, idle].reduce((sum, { foreign }) => sum + foreign, 0));
}

function noFigures(): Figures {
  return {
    gbps: [],
    gbpsOf4: [],
    cpuPerGbit: [],
    retransmits: [],
    arrivedPerSecond: [],
    medianMs: [],
    p99Ms: [],
    foreign: [],
  };
}
