import { type ReadonlySignal, signal } from "@preact/signals";
import type { Bridge, BridgeEventData, BridgeParams } from "../../rpc/bridge.ts";
import type { Problem, Step } from "../../rpc/shapes.ts";

export type RunState = "idle" | "starting" | "running" | "ok" | "failed" | "cancelled";

type Heard =
  | { readonly kind: "progress"; readonly data: BridgeEventData<"progress"> }
  | { readonly kind: "done"; readonly data: BridgeEventData<"done"> };

/** A job of the agent, which can run again after its end. It continues while the user looks at another screen. */
export class JobRun {
  readonly #bridge: Bridge;
  readonly #state = signal<RunState>("idle");
  readonly #steps = signal<readonly Step[]>([]);
  readonly #problem = signal<Problem | undefined>(undefined);
  #job: string | undefined;
  #cancelled = false;
  /** Events that arrived before the answer with the job's id, because events may overtake it. */
  #early: Heard[] = [];

  constructor(bridge: Bridge) {
    this.#bridge = bridge;
    bridge.on("progress", (data) => this.#hear({ kind: "progress", data }));
    bridge.on("done", (data) => this.#hear({ kind: "done", data }));
    bridge.on("app.agent", ({ state }) => {
      // The end of the connection ends the agent's jobs, and no event reports it.
      if (state !== "connected" && this.isRunning) this.#end("cancelled");
    });
  }

  get state(): ReadonlySignal<RunState> {
    return this.#state;
  }
  get steps(): ReadonlySignal<readonly Step[]> {
    return this.#steps;
  }
  get problem(): ReadonlySignal<Problem | undefined> {
    return this.#problem;
  }
  get isRunning(): boolean {
    return this.#state.value === "starting" || this.#state.value === "running";
  }

  async start<M extends "doctor" | "test">(method: M, params: BridgeParams<M>): Promise<void> {
    if (this.isRunning) return;
    this.#job = undefined;
    this.#cancelled = false;
    this.#early = [];
    this.#steps.value = [];
    this.#problem.value = undefined;
    this.#state.value = "starting";
    const answer = await this.#bridge.call(method, params);
    if (!answer.ok) return this.#end("failed", answer.error);
    this.#job = answer.result.job;
    this.#state.value = "running";
    for (const heard of this.#early.splice(0)) this.#hear(heard);
    if (this.#cancelled) await this.cancel();
  }

  /** Ends the job early, even while it is starting. */
  async cancel(): Promise<void> {
    this.#cancelled = true;
    if (this.#state.value !== "running" || this.#job === undefined) return;
    await this.#bridge.call("cancel", { job: this.#job });
  }

  #hear(heard: Heard): void {
    if (this.#state.value === "starting") {
      this.#early.push(heard);
      return;
    }
    if (this.#state.value !== "running" || heard.data.job !== this.#job) return;
    if (heard.kind === "progress") this.#step(heard.data.step);
    else this.#end(heard.data.outcome, heard.data.error ?? undefined);
  }

  #step(step: Step): void {
    const steps = this.#steps.value;
    const known = steps.some(({ id }) => id === step.id);
    this.#steps.value = known ? steps.map((one) => (one.id === step.id ? step : one)) : [...steps, step];
  }

  #end(state: RunState, problem?: Problem): void {
    this.#problem.value = problem;
    // The end of a running job will not be reported.
    this.#steps.value = this.#steps.value.filter((step) => step.state !== "running");
    this.#state.value = state;
  }
}
