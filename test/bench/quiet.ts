import { setTimeout as delay } from "node:timers/promises";
import { cpuSeconds, foreignProcesses, secondsBetween, stolenSeconds } from "./processes.ts";

const LOOK_MS = 500;
/** Of one core, used by others: what is called quiet. */
const QUIET_SHARE = 0.1;
/** How often a measurement is taken that others disturb. */
const ATTEMPTS = 3;

/** A value, and what it cost while it was measured. */
export interface Measured<Value> {
  readonly value: Value;
  /** Seconds of processor time of the processes measured. */
  readonly cpu: number;
  /** Seconds of processor time of processes that have nothing to do with it, and of the host's other machines. */
  readonly foreign: number;
}

/** Measures while the machine has little else to do. */
export class Quiet {
  readonly #patienceMs: number;
  readonly #signal: AbortSignal;

  /** @param patience how long to wait for others to end, in seconds, before measuring beside them */
  constructor(patience: number, signal: AbortSignal) {
    this.#patienceMs = patience * 1_000;
    this.#signal = signal;
  }

  /**
   * Measures; again where others came in between, and then the least disturbed attempt counts, whatever it measured.
   *
   * @param own processes whose time is counted, with all else that is ours
   */
  async measure<Value>(own: readonly number[], run: () => Promise<Value>): Promise<Measured<Value>> {
    let best = await this.measureOnce(own, run);
    for (let attempt = 2; attempt <= ATTEMPTS && best.share > QUIET_SHARE; attempt++) {
      const next = await this.measureOnce(own, run);
      if (next.share < best.share) best = next;
    }
    return best;
  }

  /** Measures what can't be done twice. `share` is that of one core which others took. */
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
