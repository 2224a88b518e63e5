import { randomUUID } from "node:crypto";
import { Fault } from "../../../shared/values/fault.ts";
import type { EventData, EventName } from "../../rpc/schema.ts";
import type { Step } from "../../rpc/shapes.ts";
import { toProblem } from "./networks/managed-network.ts";

/** Of one caller. */
const MOST_JOBS = 4;

/** What goes on after the answer to its call. */
export interface Job {
  /** Aborted when it is to be given up. */
  readonly cancelled: AbortSignal;
  /** Aborted when it is to end well, which captures do; it is also when cancelled. */
  readonly stopped: AbortSignal;
  progress(step: Step): void;
  /**
   * The next piece of a file.
   *
   * @returns false where the caller does not keep up, and it was not sent
   */
  capture(data: Uint8Array, frames: number, dropped: number): boolean;
}

/** Says something to the caller. @returns false where it does not keep up, and it was not sent */
export type Tell = <E extends EventName>(event: E, data: EventData<E>, mayBeLost: boolean) => boolean;

/** The jobs of one caller, which end with it. */
export class Jobs {
  readonly #tell: Tell;
  readonly #running = new Map<string, { cancel: AbortController; stop: AbortController }>();

  constructor(tell: Tell) {
    this.#tell = tell;
  }

  /**
   * Starts a job: `done` is told when `work` is. Where that resolves to false it has failed, and said why by itself.
   *
   * @throws Fault `job.too-many`
   */
  start(work: (job: Job) => Promise<boolean>): string {
    if (this.#running.size >= MOST_JOBS) {
      throw new Fault({
        code: "job.too-many",
        message: `${MOST_JOBS} checks, tests and captures of this caller run already`,
        hint: "Wait for one of them, or cancel it.",
      });
    }
    const job = randomUUID();
    const cancel = new AbortController();
    const stop = new AbortController();
    this.#running.set(job, { cancel, stop });
    const tell = this.#tell;
    const running = work({
      cancelled: cancel.signal,
      stopped: AbortSignal.any([cancel.signal, stop.signal]),
      progress: (step) => void tell("progress", { job, step }, false),
      capture: (data, frames, dropped) =>
        tell("capture", { job, data: Buffer.from(data).toString("base64"), frames, dropped }, true),
    });
    running.then(
      (result) => {
        const outcome = result === false ? "failed" : "ok";
        this.#done(job, { outcome: cancel.signal.aborted ? "cancelled" : outcome, error: null });
      },
      (error: unknown) => {
        const given = cancel.signal.aborted;
        this.#done(job, { outcome: given ? "cancelled" : "failed", error: given ? null : toProblem(error) });
      },
    );
    return job;
  }

  /** Gives one up. @throws Fault `job.unknown` */
  cancel(job: string): void {
    this.#find(job).cancel.abort();
  }

  /** Ends one well. @throws Fault `job.unknown` */
  stop(job: string): void {
    this.#find(job).stop.abort();
  }

  /** The caller is gone. */
  close(): void {
    for (const { cancel } of this.#running.values()) cancel.abort();
  }

  #done(job: string, how: Omit<EventData<"done">, "job">): void {
    this.#running.delete(job);
    this.#tell("done", { job, ...how }, false);
  }

  #find(job: string) {
    const running = this.#running.get(job);
    if (running !== undefined) return running;
    throw new Fault({
      code: "job.unknown",
      message: `there is no job '${job}'`,
      hint: "It has ended, or another caller started it.",
    });
  }
}
