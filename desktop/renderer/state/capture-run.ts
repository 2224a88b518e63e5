import { type ReadonlySignal, signal } from "@preact/signals";
import type { Bridge, BridgeEventData } from "../../rpc/bridge.ts";
import type { Problem } from "../../rpc/shapes.ts";

export type CaptureProgress = BridgeEventData<"app.capture">;

/** A capture to a file. */
export class CaptureRun {
  readonly #bridge: Bridge;
  readonly #progress = signal<CaptureProgress | undefined>(undefined);
  readonly #problem = signal<Problem | undefined>(undefined);
  readonly #asking = signal(false);
  readonly #early = new Map<string, CaptureProgress>();

  constructor(bridge: Bridge) {
    this.#bridge = bridge;
    bridge.on("app.capture", (event) => this.#hear(event));
  }

  get progress(): ReadonlySignal<CaptureProgress | undefined> {
    return this.#progress;
  }
  get problem(): ReadonlySignal<Problem | undefined> {
    return this.#problem;
  }
  /** Whether the user is choosing a file. */
  get asking(): ReadonlySignal<boolean> {
    return this.#asking;
  }
  get isRunning(): boolean {
    return this.#progress.value?.state === "running";
  }

  /** @param seconds without it, until {@link stop} */
  async start(network: string, seconds: number | undefined): Promise<void> {
    if (this.isRunning || this.#asking.value) return;
    this.#problem.value = undefined;
    this.#asking.value = true;
    this.#early.clear();
    const answer = await this.#bridge.call("app.capture.start", {
      network,
      ...(seconds === undefined ? {} : { seconds }),
    });
    this.#asking.value = false;
    if (!answer.ok) {
      this.#problem.value = answer.error;
      return;
    }
    const { job, file } = answer.result;
    if (job === undefined) return;
    this.#progress.value = { job, file: file ?? "", state: "running", packets: 0, bytes: 0 };
    const early = this.#early.get(job);
    if (early !== undefined) this.#hear(early);
  }

  async stop(): Promise<void> {
    const progress = this.#progress.value;
    if (progress?.state !== "running") return;
    await this.#bridge.call("app.capture.stop", { job: progress.job });
  }

  #hear(event: CaptureProgress): void {
    if (this.#asking.value) this.#early.set(event.job, event);
    if (event.job !== this.#progress.value?.job) return;
    this.#progress.value = event;
    this.#problem.value = event.error;
  }
}
