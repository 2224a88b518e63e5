import { packetCount } from "../../../shared/offload/packet-count.ts";
import type { DropReason } from "../../../shared/switch/drops.ts";
import type { Meter } from "../../../shared/switch/port.ts";
import { FairBucket, type Share } from "./fair-bucket.ts";

/** Shares of a tenant's rate and of a network's, if they have such rates. */
export interface RateShares {
  readonly tenant?: Share | undefined;
  readonly network?: Share | undefined;
}

/**
 * Lets a port send as much as all of its shares allow. Every frame asks it, so an unlimited rate has an endless share:
 * four comparisons and four subtractions, whatever the limits.
 */
export class ShareMeter implements Meter {
  readonly #tenantBytes: Share;
  readonly #networkBytes: Share;
  readonly #tenantPackets: Share;
  readonly #networkPackets: Share;

  constructor(bytes: RateShares, packets: RateShares) {
    this.#tenantBytes = bytes.tenant ?? endless();
    this.#networkBytes = bytes.network ?? endless();
    this.#tenantPackets = packets.tenant ?? endless();
    this.#networkPackets = packets.network ?? endless();
  }

  take(bytes: Uint8Array, start: number, frame: number, end: number): DropReason | undefined {
    const tenantBytes = this.#tenantBytes;
    const networkBytes = this.#networkBytes;
    const tenantPackets = this.#tenantPackets;
    const networkPackets = this.#networkPackets;
    // Checks all before charging any, so that a drop by one share costs the others nothing.
    if (tenantBytes.tokens <= 0 && !tenantBytes.ask()) return "rate-bytes";
    if (networkBytes.tokens <= 0 && !networkBytes.ask()) return "rate-bytes";
    if (tenantPackets.tokens <= 0 && !tenantPackets.ask()) return "rate-packets";
    if (networkPackets.tokens <= 0 && !networkPackets.ask()) return "rate-packets";
    const length = end - frame;
    tenantBytes.tokens -= length;
    networkBytes.tokens -= length;
    const packets = packetCount(bytes, start, frame, end);
    tenantPackets.tokens -= packets;
    networkPackets.tokens -= packets;
    return undefined;
  }
}

/** Returns a share that never runs out. */
function endless(): Share {
  const share = NO_LIMIT.join("");
  share.tokens = Number.POSITIVE_INFINITY;
  return share;
}

const NO_LIMIT = new FairBucket(0, 0, () => 0);
