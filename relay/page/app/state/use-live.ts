import { useEffect, useRef, useState } from "preact/hooks";
import { asProblem, type Problem } from "../api/problem.ts";
import { Poller } from "./poller.ts";

/** What was loaded last, and what went wrong since. */
export interface Live<T> {
  readonly data: T | undefined;
  readonly problem: Problem | undefined;
  readonly reload: () => void;
}

/**
 * Loads what a component shows, and keeps it up to date.
 *
 * @param inputs what `load` goes by: when one changes, it begins anew
 * @param every milliseconds; once where it is left out
 */
export function useLive<T>(
  load: (signal: AbortSignal) => Promise<T>,
  inputs: readonly unknown[],
  every?: number,
): Live<T> {
  const [state, setState] = useState<Omit<Live<T>, "reload">>({ data: undefined, problem: undefined });
  const poller = useRef<Poller<T> | undefined>(undefined);
  useEffect(() => {
    setState({ data: undefined, problem: undefined });
    const started = new Poller({
      load,
      every,
      got: (data) => setState({ data, problem: undefined }),
      failed: (error) => setState(({ data }) => ({ data, problem: asProblem(error) })),
    });
    poller.current = started;
    return () => started.stop();
  }, inputs);
  return { ...state, reload: () => poller.current?.reload() };
}
