import { setTimeout as delay } from "node:timers/promises";
import { cpuSeconds, foreignProcesses, secondsBetween, stolenSeconds } from "./processes.ts";

const LOOK_MS = 500;
/** Share of one core that other processes may use on a quiet machine. */
const QUIET_SHARE = 0.1;
/** Greatest number of attempts at a disturbed measurement. */
const ATTEMPTS = 3;

/** A value, and the cost of its measurement. */
export interface Measured<Value> {
  readonly value: Value;
  /** Seconds of processor time of the processes measured. */
  readonly cpu: number;
  /** Seconds of processor time of unrelated processes and of the host's other machines. */
  readonly foreign: number;
}

/** Measures while the machine is quiet. */
export class Quiet {
  readonly #patienceMs: number;
  readonly #signal: AbortSignal;

  /** @param patience seconds to wait for a quiet machine before it measures anyway */
  constructor(patience: number, signal: AbortSignal) {
    this.#patienceMs = patience * 1_000;
    this.#signal = signal;
  }

  /**
   * Measures, and repeats a disturbed measurement. Returns the least disturbed attempt, whatever it measured.
   *
   * @param own processes whose time counts as the measurement's
   */
  async measure<Value>(own: readonly number[], run: () => Promise<Value>): Promise<Measured<Value>> {
    let best = await this.measureOnce(own, run);
    for (let attempt = 2; attempt <= ATTEMPTS && best.share > QUIET_SHARE; attempt++) {
      const next = await this.measureOnce(own, run);
      if (next.share < best.share) best = next;
    }
    return best;
  }

  /** Measures something that cannot be repeated. `share` is the share of one core that others took. */
  async measureOnce<Value>(
    own: readonly number[],
    run: () => Promise<Value>,
  ): Promise<Measured<Value> & { readonly share: number }> {
    await this.#wait(own);
    const began = performance.now();
    const [before, cpu, stolen] = [foreignProcesses(own), cpuSeconds(own), stolenSeconds()];
    const value = await run();
    const used = cpuSeconds(own) - cpu;
    const foreign = secondsBetween(before, foreignProcesses(own)) + stolenSeconds() - stolen;
    return { value, cpu: used, foreign, share: (foreign * 1_000) / (performance.now() - began) };
  }

  async #wait(own: readonly number[]): Promise<void> {
    const until = performance.now() + this.#patienceMs;
    for (;;) {
      const before = foreignProcesses(own);
      await delay(LOOK_MS, undefined, { signal: this.#signal });
      const share = (secondsBetween(before, foreignProcesses(own)) * 1_000) / LOOK_MS;
      if (share < QUIET_SHARE || performance.now() > until) return;
    }
  }
}
