import { useEffect, useRef, useState } from "preact/hooks";
import { asProblem, type Problem } from "../api/problem.ts";
import { Poller } from "./poller.ts";

/** The data loaded last, and the problem since. */
export interface Live<T> {
  readonly data: T | undefined;
  readonly problem: Problem | undefined;
  readonly reload: () => void;
}

/**
 * Loads a component's data, and keeps it up to date.
 *
 * @param inputs the values that `load` depends on; a change starts again
 * @param every interval in milliseconds; omitted to load once
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
