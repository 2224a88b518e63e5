import { type IpAddress, linkLocalOf } from "../../../shared/frame/address.ts";
import { ETHERNET_SOURCE_OFFSET } from "../../../shared/frame/ethernet.ts";
import { readMac } from "../../../shared/frame/mac.ts";
import { Malformed } from "../../../shared/frame/malformed.ts";
import { Containment } from "../../../shared/switch/containment.ts";
import type { DropReason } from "../../../shared/switch/drops.ts";
import { isHostAddress } from "../../../shared/switch/neighbours/utterance.ts";
import { MacBudget, Port } from "../../../shared/switch/port.ts";
import type { Segment } from "../../../shared/switch/segment.ts";
import type { Block } from "../../../shared/tunnel/block.ts";
import { SenderBuckets } from "../rates/sender-buckets.ts";
import { type HostPacket, readPacket } from "./packet.ts";
import { serve, type UdpService } from "./services.ts";

/**
 * Packets per second, and burst, that the hub accepts from one port. A packet costs the hub some ten times as much as
 * forwarding a frame, and no host needs more.
 */
const PACKETS_PER_SECOND = 200;
const BURST = 400;

/**
 * Handles a frame for the hub's MAC address.
 *
 * @returns `own` if it is for the hub itself; a drop reason if it is not forwarded; otherwise undefined
 */
export type Forward = (
  from: Port,
  bytes: Uint8Array,
  frame: number,
  end: number,
) => "own" | DropReason | undefined;

export interface HubHostPortOptions {
  readonly segment: Segment;
  /** The hub's own MAC address in the segment. */
  readonly mac: number;
  /** Addresses besides the link-local one. */
  readonly addresses: Iterable<IpAddress>;
  readonly mtu: number;
  /** UDP services by port. */
  readonly udp: ReadonlyMap<number, UdpService>;
  /** Reports errors thrown while the hub answers; without it they are not reported. */
  readonly containment?: Containment | undefined;
  /** Monotonic seconds. */
  readonly clock: () => number;
}

/**
 * The hub as a host in its own segment: it has addresses, answers pings, and offers services over UDP.
 *
 * It is not a port of the segment, so no flooded frame reaches it. The MAC table leads here only for the hub's MAC
 * address. The suppressor answers who-has queries for its addresses (shared/switch/neighbours).
 */
export class HubHostPort extends Port {
  /** Handles packets for other hosts, as a gateway does; without it they are dropped. */
  forward: Forward | undefined;
  readonly #addresses: Set<IpAddress>;
  readonly #options: HubHostPortOptions;
  readonly #containment: Containment;
  readonly #rates = new SenderBuckets(PACKETS_PER_SECOND, BURST);

  constructor(options: HubHostPortOptions) {
    super("hub", new MacBudget(0));
    this.#options = options;
    const { segment, mac, addresses, clock } = options;
    this.#containment = options.containment ?? new Containment({ at: this.id, vni: segment.vni, clock });
    this.#addresses = new Set([...addresses, linkLocalOf(mac)]);
    segment.table.reserve(mac, this, clock());
  }

  /** The hub's own addresses, including the link-local one. */
  get addresses(): ReadonlySet<IpAddress> {
    return this.#addresses;
  }

  own(address: IpAddress): void {
    this.#addresses.add(address);
  }

  disown(address: IpAddress): void {
    this.#addresses.delete(address);
  }

  /**
   * Answers a packet for one of its addresses that did not come through the segment.
   *
   * @param from the origin whose rate it counts against
   * @returns a frame, or a drop reason
   */
  answer(from: object, frame: Uint8Array): Uint8Array | DropReason {
    if (!this.#rates.take(from, this.#options.clock())) return "host-rate";
    const packet = this.#read(frame, 0, frame.length);
    return typeof packet === "string" ? packet : serve(packet, this.#options);
  }

  override send({ bytes }: Block, _start: number, frame: number, end: number): void {
    this.txFrames++;
    this.txBytes += end - frame;
    const { segment } = this.#options;
    // The segment has just learnt the source there, and drops count there.
    const from = segment.table.lookup(readMac(bytes, frame + ETHERNET_SOURCE_OFFSET)) ?? this;
    try {
      const refused = this.#take(from, bytes, frame, end);
      if (refused !== undefined) segment.drop(from, refused, bytes, frame, end);
    } catch (error) {
      this.#containment.caught(error);
      from.drops.count("internal-error");
    }
  }

  override flush(): void {
    // Everything was read on arrival.
  }

  /**
   * Handles a frame.
   *
   * @returns the reason if it is dropped
   */
  #take(from: Port, bytes: Uint8Array, frame: number, end: number): DropReason | undefined {
    const { segment } = this.#options;
    if (from === this) return "same-port";
    if (this.forward !== undefined) {
      // Forwarded packets do not count against the rate for the hub itself.
      const forwarded = this.forward(from, bytes, frame, end);
      if (forwarded !== "own") return forwarded;
    }
    if (!this.#rates.take(from, this.#options.clock())) return "host-rate";
    const packet = this.#read(bytes, frame, end);
    if (typeof packet === "string") return packet;
    const answer = serve(packet, this.#options);
    if (typeof answer === "string") return answer;
    this.rxFrames++;
    this.rxBytes += answer.length;
    segment.toPort(from, answer);
    return undefined;
  }

  #read(bytes: Uint8Array, frame: number, end: number): HostPacket | DropReason {
    const packet = readPacket(bytes, frame, end);
    if (packet instanceof Malformed) return "malformed";
    if (packet === undefined) return "not-served";
    const { source, destination } = packet;
    if (!isHostAddress(source) || this.#addresses.has(source)) return "malformed";
    return this.#addresses.has(destination) ? packet : "not-served";
  }
}
