import type { DropReason } from "../drops.ts";
import type { SegmentNotice } from "../notice.ts";
import type { Port } from "../port.ts";
import { PortNoticeLimit } from "./notice-limit.ts";
import { TokenBucket } from "./token-bucket.ts";

/** A kind of frame that goes to many receivers. */
export type StormKind = "broadcast" | "multicast" | "unknown";

/** Packets per second that one port may send of each kind; undefined is unlimited. */
export type StormLimits = Readonly<Record<StormKind, number | undefined>>;

const KINDS: readonly StormKind[] = ["broadcast", "multicast", "unknown"];

const REASONS = {
  broadcast: "storm-broadcast",
  multicast: "storm-multicast",
  unknown: "storm-unknown",
} as const satisfies Record<StormKind, DropReason>;

const NAMES: Readonly<Record<StormKind, string>> = {
  broadcast: "broadcasts",
  multicast: "multicasts",
  unknown: "unicasts to unknown addresses",
};

/** Least burst in packets, if the rate allows as many a second: a machine that boots sends several at once. */
const LEAST_BURST = 10;

interface PortState {
  readonly buckets: Readonly<Record<StormKind, TokenBucket | undefined>>;
  /** Packets dropped since the last tick. */
  readonly dropped: Record<StormKind, number>;
}

/**
 * Storm control: limits the packets per second that a port sends to many receivers.
 *
 * The burst is a tenth of a second's worth, so receivers get hardly more than the limit in any second.
 */
export class StormGuard {
  readonly #limits: StormLimits;
  readonly #notice: (notice: SegmentNotice) => void;
  readonly #ports = new Map<Port, PortState>();
  readonly #noticed = new PortNoticeLimit();
  #tickedAt: number | undefined;

  constructor(limits: StormLimits, notice: (notice: SegmentNotice) => void) {
    this.#limits = limits;
    this.#notice = notice;
  }

  /**
   * Returns why a frame must not go on, or undefined if it may.
   *
   * @param now seconds with fractions
   * @param packets number of packets in the frame: more than one in a super-frame
   */
  check(from: Port, kind: StormKind, now: number, packets = 1): DropReason | undefined {
    if (this.#limits[kind] === undefined) return undefined;
    let state = this.#ports.get(from);
    if (state === undefined) {
      state = this.#newState(now);
      this.#ports.set(from, state);
    }
    if (state.buckets[kind]?.take(now, packets) !== false) return undefined;
    state.dropped[kind] += packets;
    return REASONS[kind];
  }

  /** Gives notice of the ports whose packets were dropped; to be called about once a second. */
  tick(now: number): void {
    const seconds = now - (this.#tickedAt ?? now);
    this.#tickedAt = now;
    for (const [port, { dropped }] of this.#ports) {
      if (dropped.broadcast + dropped.multicast + dropped.unknown === 0) continue;
      if (this.#noticed.isDue(port, now)) this.#tell(port, dropped, seconds);
      for (const kind of KINDS) dropped[kind] = 0;
    }
  }

  detach(port: Port): void {
    this.#ports.delete(port);
    this.#noticed.detach(port);
  }

  #tell(port: Port, dropped: Readonly<Record<StormKind, number>>, seconds: number): void {
    const figures = KINDS.filter((kind) => dropped[kind] > 0).map(
      (kind) => `${dropped[kind]} ${NAMES[kind]} over its limit of ${this.#limits[kind]}/s`,
    );
    const span = seconds > 0 ? `In ${seconds.toFixed(1)} s` : "Just now";
    this.#notice({
      code: "storm",
      message: `${span} ${port.id} sent ${figures.join(", and ")}; they were dropped. Look there for a loop or a program gone wild.`,
      ports: [port],
    });
  }

  #newState(now: number): PortState {
    const { broadcast, multicast, unknown } = this.#limits;
    return {
      buckets: {
        broadcast: newBucket(broadcast, now),
        multicast: newBucket(multicast, now),
        unknown: newBucket(unknown, now),
      },
      dropped: { broadcast: 0, multicast: 0, unknown: 0 },
    };
  }
}

function newBucket(rate: number | undefined, now: number): TokenBucket | undefined {
  if (rate === undefined) return undefined;
  const burst = Math.max(1, Math.min(rate, Math.max(LEAST_BURST, rate / 10)));
  return new TokenBucket(rate, rate > 0 ? burst : 0, now);
}
