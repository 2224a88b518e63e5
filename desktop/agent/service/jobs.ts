import { randomUUID } from "node:crypto";
import { Fault } from "../../../shared/values/fault.ts";
import type { EventData, EventName } from "../../rpc/schema.ts";
import type { Step } from "../../rpc/shapes.ts";
import { toProblem } from "./networks/managed-network.ts";

/** Maximum jobs of one caller. */
const MOST_JOBS = 4;

/** Work that continues after its call was answered. */
export interface Job {
  /** Aborted when the job must be given up. */
  readonly cancelled: AbortSignal;
  /** Aborted when the job should finish normally, as captures do; also when it is cancelled. */
  readonly stopped: AbortSignal;
  progress(step: Step): void;
  /**
   * Sends the next piece of a file.
   *
   * @returns false if the caller is too slow, and it was not sent
   */
  capture(data: Uint8Array, frames: number, dropped: number): boolean;
}

/** Sends an event to the caller. @returns false if the caller is too slow, and it was not sent */
export type TellEvent = <E extends EventName>(event: E, data: EventData<E>, mayBeLost: boolean) => boolean;

/** The jobs of one caller, which end with it. */
export class Jobs {
  readonly #tell: TellEvent;
  readonly #running = new Map<string, { cancel: AbortController; stop: AbortController }>();

  constructor(tell: TellEvent) {
    this.#tell = tell;
  }

  /**
   * Starts a job, and sends `done` when `work` ends. If `work` resolves to false, it failed and has already reported
   * why.
   *
   * @throws Fault `job.too-many`
   */
  start(work: (job: Job) => Promise<boolean>): string {
    if (this.#running.size >= MOST_JOBS) {
      throw new Fault({
        code: "job.too-many",
        message: `${MOST_JOBS} checks, tests and captures of this caller are already running`,
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

  /** Cancels a job. @throws Fault `job.unknown` */
  cancel(job: string): void {
    this.#find(job).cancel.abort();
  }

  /** Ends a job normally. @throws Fault `job.unknown` */
  stop(job: string): void {
    this.#find(job).stop.abort();
  }

  /** Ends all jobs: the caller is gone. */
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
