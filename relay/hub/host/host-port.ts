import type { IpAddress } from "../../../shared/frame/address.ts";
import { ETHERNET_SOURCE_OFFSET } from "../../../shared/frame/ethernet.ts";
import { readMac } from "../../../shared/frame/mac.ts";
import { Malformed } from "../../../shared/frame/malformed.ts";
import { Containment } from "../../../shared/switch/containment.ts";
import type { DropReason } from "../../../shared/switch/drops.ts";
import { linkLocalOf } from "../../../shared/switch/neighbours/messages.ts";
import { isHostAddress } from "../../../shared/switch/neighbours/utterance.ts";
import { MacBudget, Port } from "../../../shared/switch/port.ts";
import type { Segment } from "../../../shared/switch/segment.ts";
import type { Block } from "../../../shared/tunnel/block.ts";
import { SenderBuckets } from "../rates/sender-buckets.ts";
import { type HostPacket, readPacket } from "./packet.ts";
import { serve, type UdpService } from "./services.ts";

/**
 * Packets per second that the hub takes from one port, and how many at once: a lookup takes it some ten times as long
 * as a frame that it forwards, and nobody needs more.
 */
const PACKETS_PER_SECOND = 200;
const BURST = 400;

/**
 * Takes a frame that came to the hub's MAC address.
 *
 * @returns `own` where it is for the hub itself; otherwise why it goes no further, if it does not
 */
export type Forward = (
  from: Port,
  bytes: Uint8Array,
  frame: number,
  end: number,
) => "own" | DropReason | undefined;

export interface HostPortOptions {
  readonly segment: Segment;
  /** The hub's own MAC address in it. */
  readonly mac: number;
  /** Besides the link-local one. */
  readonly addresses: Iterable<IpAddress>;
  readonly mtu: number;
  /** What it does over UDP, by port. */
  readonly udp: ReadonlyMap<number, UdpService>;
  /** Reports what is thrown while the hub answers. Nothing is reported without it. */
  readonly containment?: Containment | undefined;
  /** Seconds, never going back. */
  readonly clock: () => number;
}

/**
 * The hub as a machine of its own segment: it has addresses there, answers pings, and does what it does over UDP.
 *
 * It is no port of the segment, so nothing is flooded here: the table leads here for the hub's MAC address, and for
 * nothing else. Who has its addresses is the suppressor's to answer (shared/switch/neighbours).
 */
export class HostPort extends Port {
  /** Takes what is for others, as a gateway does; without it that is dropped. */
  forward: Forward | undefined;
  readonly #addresses: Set<IpAddress>;
  readonly #options: HostPortOptions;
  readonly #containment: Containment;
  readonly #rates = new SenderBuckets(PACKETS_PER_SECOND, BURST);

  constructor(options: HostPortOptions) {
    super("hub", new MacBudget(0));
    this.#options = options;
    const { segment, mac, addresses, clock } = options;
    this.#containment = options.containment ?? new Containment({ at: this.id, vni: segment.vni, clock });
    this.#addresses = new Set([...addresses, linkLocalOf(mac)]);
    segment.table.reserve(mac, this, clock());
  }

  /** Its own, the link-local one too. */
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
   * What it says to a packet for one of its addresses that came another way than through the segment.
   *
   * @param from whom its rate is reckoned to
   * @returns a frame, or why there is none
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
    // Where the segment has just learnt that it came from, and where it is counted if nothing comes of it.
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
    // All of it was read as it came.
  }

  /** @returns why nothing comes of it, if nothing does */
  #take(from: Port, bytes: Uint8Array, frame: number, end: number): DropReason | undefined {
    const { segment } = this.#options;
    if (from === this) return "same-port";
    if (this.forward !== undefined) {
      // What passes is not reckoned to what the hub itself is asked.
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
