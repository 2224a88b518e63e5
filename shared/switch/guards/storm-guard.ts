import type { DropReason } from "../drops.ts";
import type { Notice } from "../notice.ts";
import type { Port } from "../port.ts";
import { NoticeLimit } from "./notice-limit.ts";
import { TokenBucket } from "./token-bucket.ts";

/** What goes to many receivers, and so costs them all. */
export type StormKind = "broadcast" | "multicast" | "unknown";

/** Packets per second that one port may send of each kind; unlimited where it is undefined. */
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

/** A machine that boots says several things at once: that many go on together where the rate allows as many a second. */
const LEAST_BURST = 10;

interface PortState {
  readonly buckets: Readonly<Record<StormKind, TokenBucket | undefined>>;
  /** Dropped since the last tick. */
  readonly dropped: Record<StormKind, number>;
}

/**
 * Storm control: what a port sends to many, in packets per second.
 *
 * A tenth of a second's worth may come at once, so that what the others get in a second is the limit and hardly more.
 */
export class StormGuard {
  readonly #limits: StormLimits;
  readonly #notice: (notice: Notice) => void;
  readonly #ports = new Map<Port, PortState>();
  readonly #noticed = new NoticeLimit();
  #tickedAt: number | undefined;

  constructor(limits: StormLimits, notice: (notice: Notice) => void) {
    this.#limits = limits;
    this.#notice = notice;
  }

  /**
   * Whether a frame may go on.
   *
   * @param now seconds with fractions
   * @param packets how many a super-frame stands for
   * @returns why not
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

  /** Says of the ports that storm what became of it; to be called about once a second. */
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
