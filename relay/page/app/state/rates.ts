import type { Counter } from "../../../../shared/api/resources/live.ts";

/** The rates of a port, per second: bits from the member, bits to it, frames dropped. */
export interface Rate {
  readonly sending: number;
  readonly receiving: number;
  readonly drops: number;
}

export interface Snapshot {
  /** Monotonic time of the sample, in milliseconds. */
  readonly at: number;
  readonly counters: readonly Counter[];
}

/** @returns rates of the ports in both samples */
export function ratesOf(before: Snapshot | undefined, now: Snapshot): ReadonlyMap<string, Rate> {
  const rates = new Map();
  if (before === undefined) return rates;
  const seconds = (now.at - before.at) / 1_000;
  if (seconds <= 0) return rates;
  const earlier = new Map(before.counters.map((counter) => [counter.port, counter]));
  for (const counter of now.counters) {
    const last = earlier.get(counter.port);
    if (last === undefined) continue;
    rates.set(counter.port, {
      sending: ((counter.rx_bytes - last.rx_bytes) * 8) / seconds,
      receiving: ((counter.tx_bytes - last.tx_bytes) * 8) / seconds,
      drops: (dropsOf(counter) - dropsOf(last)) / seconds,
    });
  }
  return rates;
}

/** Returns the frames dropped at a port for all reasons. */
export function dropsOf({ drops }: Counter) {
  return Object.values(drops).reduce((sum, count) => sum + count, 0);
}

/** Returns the whole network's rate. */
export function totalOf(rates: ReadonlyMap<string, Rate>): Rate {
  const total = { sending: 0, receiving: 0, drops: 0 };
  for (const rate of rates.values()) {
    total.sending += rate.sending;
    total.receiving += rate.receiving;
    total.drops += rate.drops;
  }
  return total;
}
