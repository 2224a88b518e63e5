/** @import { Problem } from "../api/problem.js" */
import { useEffect, useRef, useState } from "preact/hooks";
import { asProblem } from "../api/problem.js";
import { Poller } from "./poller.js";

/**
 * What was loaded last, and what went wrong since.
 *
 * @template T
 * @typedef {object} Live
 * @property {T | undefined} data
 * @property {Problem | undefined} problem
 * @property {() => void} reload
 */

/**
 * Loads what a component shows, and keeps it up to date.
 *
 * @template T
 * @param {(signal: AbortSignal) => Promise<T>} load
 * @param {readonly unknown[]} inputs what `load` goes by: when one changes, it begins anew
 * @param {number} [every] milliseconds; once where it is left out
 * @returns {Live<T>}
 */
export function useLive(load, inputs, every) {
  const [state, setState] = useState(
    /** @type {Omit<Live<T>, "reload">} */ ({ data: undefined, problem: undefined }),
  );
  const poller = useRef(/** @type {Poller<T> | undefined} */ (undefined));
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
