import { type ReadonlySignal, type Signal, signal } from "@preact/signals";

/** Greatest number of samples kept of a network: two minutes at one a second. */
export const SAMPLES = 120;

/** Recent traffic, oldest first, as the columns that a plot takes. Rates are in bytes per second. */
export interface Traffic {
  /** Seconds since 1970. */
  readonly times: readonly number[];
  readonly rx: readonly number[];
  readonly tx: readonly number[];
}

/** Counters at one time. */
interface Counters {
  readonly at: number;
  readonly rx: number;
  readonly tx: number;
}

const NONE: Traffic = { times: [], rx: [], tx: [] };
/**
 * Seconds without an event after which the rate counts as zero, because the agent reports traffic only while there is
 * some.
 */
const QUIET = 1.8;

/** Turns counters into rates. Each network and each member has its own. */
export class TrafficHistory {
  readonly #series = new Map<string, Signal<Traffic>>();
  readonly #counters = new Map<string, Counters>();

  of(id: string): ReadonlySignal<Traffic> {
    return this.#signal(id);
  }

  /** Adds a sample. Counters that went down have restarted from zero. */
  count(id: string, { at, rx, tx }: Counters): void {
    const before = this.#counters.get(id);
    if (before !== undefined && at <= before.at) return;
    this.#counters.set(id, { at, rx, tx });
    if (before === undefined) return;
    const seconds = at - before.at;
    const rate = (now: number, then: number) => (now < then ? 0 : (now - then) / seconds);
    this.#add(id, at, rate(rx, before.rx), rate(tx, before.tx));
  }

  /** Adds a zero to every series without a recent sample. */
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

/** Returns the latest rates, in bytes per second. */
export function latest({ rx, tx }: Traffic): { readonly rx: number; readonly tx: number } {
  return { rx: rx.at(-1) ?? 0, tx: tx.at(-1) ?? 0 };
}
