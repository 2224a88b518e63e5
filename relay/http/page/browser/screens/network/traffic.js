/** @import { Counter } from "../../api/answers.ts" */
/** @import { NetworkApi } from "../../api/network-api.js" */
/** @import { Problem } from "../../api/problem.js" */
/** @import { Rate, Snapshot } from "../../state/rates.js" */
import { useRef } from "preact/hooks";
import { ratesOf, totalOf } from "../../state/rates.js";
import { useLive } from "../../state/use-live.js";
import { SPARK_VALUES } from "../../ui/sparkline.js";

/** Milliseconds between looks at the counters. */
export const LIVE_MS = 2_000;

/**
 * Who has joined a network, and what passes.
 *
 * @typedef {object} Traffic
 * @property {readonly Counter[] | undefined} counters
 * @property {ReadonlyMap<string, Rate>} rates by port; empty until there is something to compare with
 * @property {readonly Rate[]} history of the whole network, the newest last
 * @property {Problem | undefined} problem
 * @property {() => void} reload
 */

/**
 * @typedef {object} Known
 * @property {Snapshot} snapshot
 * @property {ReadonlyMap<string, Rate>} rates
 * @property {readonly Rate[]} history
 */

/**
 * @param {NetworkApi} api
 * @param {readonly unknown[]} inputs what names the network
 * @returns {Traffic}
 */
export function useTraffic(api, inputs) {
  const last = useRef(/** @type {Known | undefined} */ (undefined));
  const { data, problem, reload } = useLive(
    async (signal) => {
      const { rows } = await api.counters(signal);
      const snapshot = { at: performance.now(), counters: rows };
      const before = last.current;
      const rates = ratesOf(before?.snapshot, snapshot);
      const earlier = before?.history ?? [];
      const history = before === undefined ? [] : [...earlier, totalOf(rates)].slice(-SPARK_VALUES);
      last.current = { snapshot, rates, history };
      return last.current;
    },
    inputs,
    LIVE_MS,
  );
  const { snapshot, rates = new Map(), history = [] } = data ?? {};
  return { counters: snapshot?.counters, rates, history, problem, reload };
}

/**
 * What a port is called: its member's name, where it has one.
 *
 * @param {Traffic} traffic
 * @param {string} port
 */
export function nameOf({ counters }, port) {
  return counters?.find((counter) => counter.port === port)?.name ?? port;
}
