import { Fault } from "../../shared/values/fault.ts";
import { quantile } from "./results/quantile.ts";
import type { Star } from "./star.ts";

export interface RoundTrips {
  readonly medianMs: number;
  readonly p99Ms: number;
  /** Share of lost pings, from 0 to 1. */
  readonly answered: number;
}

/** Pings `b` from `a`, `count` times `intervalMs` apart. */
export async function ping(
  star: Star,
  target: string,
  { count, intervalMs, signal }: { count: number; intervalMs: number; signal: AbortSignal },
): Promise<RoundTrips> {
  const args = ["-i", String(intervalMs / 1_000), "-c", String(count), "-W", "1", target];
  const timeout = count * intervalMs * 3 + 10_000;
  const { stdout } = await star.a.host.exec("ping", args, { signal, timeout });
  const times = [...stdout.matchAll(/time=([\d.]+) ms/g)].map(([, time]) => Number(time));
  if (times.length === 0) {
    throw new Fault({
      code: "bench.ping",
      message: `no ping to ${target} was answered`,
      hint: "try again when this machine is less busy",
    });
  }
  return {
    medianMs: quantile(times, 0.5),
    p99Ms: quantile(times, 0.99),
    answered: times.length / count,
  };
}
