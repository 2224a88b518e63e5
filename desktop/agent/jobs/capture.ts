import { setTimeout as sleep } from "node:timers/promises";
import {
  type Direction,
  interfaceDescription,
  interfaceStatistics,
  packetBytes,
  sectionHeader,
  writePacket,
} from "../../../shared/capture/pcapng.ts";
import type { SegmentObserver } from "../../../shared/switch/observer.ts";
import type { Port } from "../../../shared/switch/port.ts";
import { Fault } from "../../../shared/values/fault.ts";
import type { Job } from "../service/jobs.ts";
import type { ManagedNetwork } from "../service/networks/managed-network.ts";

/** Bytes of captured frames that may wait: at least two super-frames. Further frames count as lost. */
const BUFFER_BYTES = 160 * 1024;
/** Interval between deliveries, in milliseconds; a half-full buffer is delivered at once. */
const TELL_MS = 100;
/** Maximum time for a slow caller to read the end, in milliseconds. */
const END_MS = 10_000;

/**
 * Captures the frames at this machine's port as pcapng until the job is stopped, the time is over or the interface is
 * gone. Frames that this machine sends are outbound.
 *
 * @returns true
 * @throws Fault `network.not-up`
 */
export async function capturePort(
  network: ManagedNetwork,
  seconds: number | undefined,
  job: Job,
): Promise<boolean> {
  const { local } = network;
  if (local?.port === undefined) {
    throw new Fault({
      code: "network.not-up",
      message: `network '${network.name}' is not up`,
      hint: `Bring it up with 'laneway up ${network.name}'.`,
    });
  }
  const capture = new PortCapture(local.port, network.name, job);
  const end = local.observe(capture);
  const until = seconds === undefined ? Number.POSITIVE_INFINITY : performance.now() + seconds * 1_000;
  try {
    while (!job.stopped.aborted && performance.now() < until && network.local === local) {
      const wait = Math.min(TELL_MS, until - performance.now());
      await sleep(Math.max(0, wait), undefined, { signal: job.stopped }).catch(() => {});
      capture.tell();
    }
  } finally {
    end();
  }
  await capture.end();
  return true;
}

/** Captured frames of one port on their way to the caller. */
class PortCapture implements SegmentObserver {
  readonly #port: Port;
  readonly #job: Job;
  readonly #buffer = new Uint8Array(BUFFER_BYTES);
  readonly #startedAt = Date.now();
  #used = 0;
  #frames = 0;
  #lost = 0;
  /** Frames lost since the last one that was kept. */
  #gap = 0;

  constructor(port: Port, network: string, job: Job) {
    this.#port = port;
    this.#job = job;
    this.#append(sectionHeader(`network ${network}`));
    this.#append(interfaceDescription(port.id, `this machine on ${network}`));
  }

  received(port: Port, bytes: Uint8Array, frame: number, end: number): void {
    if (port === this.#port) this.#take("outbound", bytes, frame, end);
  }

  sent(port: Port, bytes: Uint8Array, frame: number, end: number): void {
    if (port === this.#port) this.#take("inbound", bytes, frame, end);
  }

  dropped(): void {}

  /** Delivers the waiting frames; if the caller is slow, they keep waiting. @returns whether nothing waits */
  tell(): boolean {
    if (this.#used === 0) return true;
    if (!this.#job.capture(this.#buffer.subarray(0, this.#used), this.#frames, this.#lost)) return false;
    this.#used = 0;
    return true;
  }

  /** Ends the file. */
  async end(): Promise<void> {
    const last = interfaceStatistics({
      interfaceId: 0,
      startedAt: this.#startedAt,
      endedAt: Date.now(),
      received: this.#frames + this.#lost,
      lost: this.#lost,
    });
    const { cancelled } = this.#job;
    const until = performance.now() + END_MS;
    const told = async () => {
      while (!this.tell() && !cancelled.aborted && performance.now() < until) {
        await sleep(TELL_MS, undefined, { signal: cancelled }).catch(() => {});
      }
    };
    await told();
    if (this.#used + last.length > BUFFER_BYTES) return;
    this.#append(last);
    await told();
  }

  #take(direction: Direction, bytes: Uint8Array, frame: number, end: number): void {
    const at = performance.timeOrigin + performance.now();
    const note = { interfaceId: 0, at, direction, lost: this.#gap };
    if (this.#used + packetBytes(end - frame, note) > BUFFER_BYTES && !this.tell()) {
      this.#lost++;
      this.#gap++;
      return;
    }
    this.#used = writePacket(this.#buffer, this.#used, note, bytes, frame, end);
    this.#frames++;
    this.#gap = 0;
    if (this.#used > BUFFER_BYTES / 2) this.tell();
  }

  #append(block: Uint8Array): void {
    this.#buffer.set(block, this.#used);
    this.#used += block.length;
  }
}
