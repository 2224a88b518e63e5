import { useRef } from "preact/hooks";
import type { Counter } from "../../../../../shared/api/resources/live.ts";
import type { NetworkApi } from "../../api/network-api.ts";
import type { Problem } from "../../api/problem.ts";
import { type Rate, ratesOf, type Snapshot, totalOf } from "../../state/rates.ts";
import { useLive } from "../../state/use-live.ts";
import { SPARK_VALUES } from "../../ui/sparkline.tsx";

/** Interval between requests for the counters, in milliseconds. */
export const LIVE_MS = 2_000;

/** The ports of a network and their traffic. */
export interface Traffic {
  readonly counters: readonly Counter[] | undefined;
  /** Rates by port; empty until there are two samples. */
  readonly rates: ReadonlyMap<string, Rate>;
  /** Rates of the whole network, newest last. */
  readonly history: readonly Rate[];
  readonly problem: Problem | undefined;
  readonly reload: () => void;
}

export interface Known {
  readonly snapshot: Snapshot;
  readonly rates: ReadonlyMap<string, Rate>;
  readonly history: readonly Rate[];
}

/** @param inputs the values that identify the network */
export function useTraffic(api: NetworkApi, inputs: readonly unknown[]): Traffic {
  const last = useRef<Known | undefined>(undefined);
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

/** Returns the name of a port's member, or the port's ID if it has none. */
export function nameOf({ counters }: Traffic, port: string) {
  return counters?.find((counter) => counter.port === port)?.name ?? port;
}
