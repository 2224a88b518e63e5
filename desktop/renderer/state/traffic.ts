import { type ReadonlySignal, type Signal, signal } from "@preact/signals";

/** Samples that are kept of a network: two minutes of one a second. */
export const SAMPLES = 120;

/** What passed lately, oldest first: the columns that a plot takes. Rates are bytes per second. */
export interface Traffic {
  /** Seconds since 1970. */
  readonly times: readonly number[];
  readonly rx: readonly number[];
  readonly tx: readonly number[];
}

/** Counters as they were at a time. */
interface Counters {
  readonly at: number;
  readonly rx: number;
  readonly tx: number;
}

const NONE: Traffic = { times: [], rx: [], tx: [] };
/** Seconds without news after which nothing passes: traffic is told while there is some. */
const QUIET = 1.8;

/** Makes rates of counters. One for each thing that is counted: a network, or a member of it. */
export class TrafficHistory {
  readonly #series = new Map<string, Signal<Traffic>>();
  readonly #counters = new Map<string, Counters>();

  of(id: string): ReadonlySignal<Traffic> {
    return this.#signal(id);
  }

  /** Takes counters; those that went down were begun anew. */
  count(id: string, { at, rx, tx }: Counters): void {
    const before = this.#counters.get(id);
    if (before !== undefined && at <= before.at) return;
    this.#counters.set(id, { at, rx, tx });
    if (before === undefined) return;
    const seconds = at - before.at;
    const rate = (now: number, then: number) => (now < then ? 0 : (now - then) / seconds);
    this.#add(id, at, rate(rx, before.rx), rate(tx, before.tx));
  }

  /** Has those that nothing was heard of go on at zero. */
  tick(now: number): void {
    for (const [id, counters] of this.#counters) {
      if (now - counters.at < QUIET) continue;
      this.#counters.set(id, { ...counters, at: now });
      this.#add(id, now, 0, 0);
    }
  }

  forget(id: string): void {
    this.#counters.delete(id);
    this.#series.delete(id);
  }

  #signal(id: string): Signal<Traffic> {
    const known = this.#series.get(id);
    if (known !== undefined) return known;
    const made = signal(NONE);
    this.#series.set(id, made);
    return made;
  }

  #add(id: string, time: number, rx: number, tx: number): void {
    const series = this.#signal(id);
    const { times, rx: received, tx: sent } = series.peek();
    const tail = (column: readonly number[], value: number) => [...column.slice(1 - SAMPLES), value];
    series.value = { times: tail(times, time), rx: tail(received, rx), tx: tail(sent, tx) };
  }
}

/** The rates at the end of it, in bytes per second. */
export function latest({ rx, tx }: Traffic): { readonly rx: number; readonly tx: number } {
  return { rx: rx.at(-1) ?? 0, tx: tx.at(-1) ?? 0 };
}
