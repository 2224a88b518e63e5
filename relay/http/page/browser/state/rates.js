/** @import { Counter } from "../api/answers.ts" */

/**
 * What passes per second, by port: bits from the member, bits to it, frames dropped.
 *
 * @typedef {object} Rate
 * @property {number} sending
 * @property {number} receiving
 * @property {number} drops
 */

/**
 * @typedef {object} Snapshot
 * @property {number} at milliseconds, never going back
 * @property {readonly Counter[]} counters
 */

/**
 * @param {Snapshot | undefined} before
 * @param {Snapshot} now
 * @returns {ReadonlyMap<string, Rate>} of the ports that are in both
 */
export function ratesOf(before, now) {
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

/**
 * Frames dropped at a port, for whatever reason.
 *
 * @param {Counter} counter
 */
export function dropsOf({ drops }) {
  return Object.values(drops).reduce((sum, count) => sum + count, 0);
}

/**
 * The whole network's.
 *
 * @param {ReadonlyMap<string, Rate>} rates
 * @returns {Rate}
 */
export function totalOf(rates) {
  const total = { sending: 0, receiving: 0, drops: 0 };
  for (const rate of rates.values()) {
    total.sending += rate.sending;
    total.receiving += rate.receiving;
    total.drops += rate.drops;
  }
  return total;
}
