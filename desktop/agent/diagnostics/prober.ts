import { ETHERNET_HEADER_BYTES, ETHERNET_SOURCE_OFFSET } from "../../../shared/frame/ethernet.ts";
import { isGroupAt, readMac } from "../../../shared/frame/mac.ts";
import type { SegmentObserver } from "../../../shared/switch/observer.ts";
import type { Port } from "../../../shared/switch/port.ts";
import type { LocalNetwork } from "../network/local-network.ts";
import { decodeProbe, encodeProbe, isProbe, LAST, type Probe, REPORT_EVERY } from "./probe-frame.ts";

/** Answers per second to other agents, so that they cannot make this agent cause a storm. */
const ANSWERS_PER_SECOND = 2_000;
/** Bursts of other agents that are counted at a time. */
const COUNTED = 8;

/** Receives an answer; `size` is the frame's payload in bytes. */
export type Heard = (probe: Probe, from: number, size: number) => void;

interface Count {
  frames: number;
  firstAt: number;
}

/** Answers other agents' probes on a network, and sends this agent's own. */
export class Prober implements SegmentObserver {
  readonly #network: LocalNetwork;
  /** By session. */
  readonly #asking = new Map<number, Heard>();
  readonly #counts = new Map<number, Count>();
  #second = 0;
  #answered = 0;

  constructor(network: LocalNetwork) {
    this.#network = network;
    network.observe(this);
  }

  /** Delivers the answers to a session until the returned function is called. */
  hear(session: number, heard: Heard): () => void {
    this.#asking.set(session, heard);
    return () => this.#asking.delete(session);
  }

  /** @param size bytes of payload */
  send(kind: "echo" | "burst", session: number, sequence: number, destination: number, size: number): void {
    const source = this.#network.overlay.mac;
    const probe = { kind, session, sequence, microseconds: 0, answers: 0 };
    this.#network.inject(encodeProbe(probe, { destination, source, size }));
  }

  received(port: Port, bytes: Uint8Array, frame: number, end: number): void {
    if (!isProbe(bytes, frame, end) || port === this.#network.port) return;
    const probe = decodeProbe(bytes, frame);
    if (probe === undefined) return;
    const from = readMac(bytes, frame + ETHERNET_SOURCE_OFFSET);
    const to = readMac(bytes, frame);
    if (to !== this.#network.overlay.mac && !isGroupAt(bytes, frame)) return;
    const size = end - frame - ETHERNET_HEADER_BYTES;
    if (probe.kind === "echo") this.#answer({ ...probe, kind: "reply" }, from, size);
    else if (probe.kind === "burst") this.#count(probe, from);
    else this.#asking.get(probe.session)?.(probe, from, size);
  }

  sent(): void {}

  dropped(): void {}

  #count({ session, sequence }: Probe, from: number): void {
    let count = this.#counts.get(session);
    if (count === undefined) {
      count = { frames: 0, firstAt: performance.now() };
      this.#counts.set(session, count);
      const [oldest] = this.#counts.keys();
      if (this.#counts.size > COUNTED && oldest !== undefined) this.#counts.delete(oldest);
    }
    if (sequence !== LAST) count.frames++;
    if (sequence !== LAST && count.frames % REPORT_EVERY !== 0) return;
    const microseconds = Math.min(0xffff_ffff, Math.round((performance.now() - count.firstAt) * 1_000));
    this.#answer(
      { kind: "report", session, sequence: count.frames, microseconds, answers: sequence },
      from,
      0,
    );
  }

  /** Deferred, because the segment is still at work: an answer is a frame of its own. */
  #answer(probe: Probe, destination: number, size: number): void {
    const second = Math.floor(performance.now() / 1_000);
    if (second !== this.#second) this.#answered = 0;
    this.#second = second;
    this.#answered++;
    if (this.#answered > ANSWERS_PER_SECOND) return;
    const frame = encodeProbe(probe, { destination, source: this.#network.overlay.mac, size });
    setImmediate(() => this.#network.inject(frame));
  }
}
