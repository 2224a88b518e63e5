import { ETHERNET_HEADER_BYTES, ETHERNET_SOURCE_OFFSET } from "../../../shared/frame/ethernet.ts";
import { answerTooBig } from "../../../shared/frame/ip/packet-too-big.ts";
import { clampMss, findMss } from "../../../shared/frame/ip/tcp-mss.ts";
import { isGroupAt, readMac } from "../../../shared/frame/mac.ts";
import { completeChecksum, findUndone } from "../../../shared/offload/complete-checksum.ts";
import { FRAME_BYTES } from "../../../shared/protocol/constants.ts";
import { Containment, type ReportContained } from "../../../shared/switch/containment.ts";
import { TokenBucket } from "../../../shared/switch/guards/token-bucket.ts";
import { MacBudget, Port, type PortRole } from "../../../shared/switch/port.ts";
import type { Segment } from "../../../shared/switch/segment.ts";
import type { Block } from "../../../shared/tunnel/block.ts";
import { flowHash } from "../../../shared/tunnel/flow.ts";
import type { UnderlaySocket } from "../../underlay/underlay.ts";
import { DEFAULT_MTU, PORT_LIMITS } from "./limits.ts";
import { RecordSlab } from "./record-slab.ts";
import type { RemoteTable } from "./remote-table.ts";

export interface UnderlayPortOptions {
  readonly id: string;
  readonly segment: Segment;
  readonly socket: UnderlaySocket;
  readonly remotes: RemoteTable;
  /** Bytes of the tunnel between the socket's headers and the frame. */
  readonly headerBytes: number;
  /** MTU of the underlay, if configured. */
  readonly mtu?: number | undefined;
  /** Maximum frame of the network in bytes, if that is less than the underlay carries. */
  readonly networkFrameBytes?: number | undefined;
  readonly clampMss: boolean;
  readonly roles: ReadonlySet<PortRole>;
  /** Receives errors that cost a frame. */
  readonly report?: ReportContained | undefined;
  /** Budget for source addresses behind it; by default a limit of its own. */
  readonly macs?: MacBudget | undefined;
  /** Monotonic seconds, with fractions. */
  readonly clock: () => number;
}

/**
 * A segment's port on the underlay. It sends frames behind a tunnel's header to the remote that has the destination, or
 * to all. Frames from one remote go to no other (split horizon), because all of them are one port.
 */
export abstract class UnderlayPort extends Port {
  readonly remotes: RemoteTable;
  readonly #segment: Segment;
  readonly #socket: UnderlaySocket;
  readonly #overhead: number;
  readonly #clampMss: boolean;
  readonly #clock: () => number;
  readonly #containment: Containment;
  readonly #slab = new RecordSlab();
  readonly #answers: TokenBucket;
  readonly #seed = Math.floor(Math.random() * 2 ** 32);
  readonly #knownMtu: number | undefined;
  readonly #networkFrameBytes: number;
  #frameBytes: number;
  #outstanding = 0;
  #flushing = false;
  #asking = false;
  #closed = false;
  readonly #flushSegment = () => {
    this.#flushing = false;
    try {
      this.#segment.flush();
    } catch (error) {
      this.#containment.caught(error);
    }
  };

  constructor(options: UnderlayPortOptions) {
    super(options.id, options.macs ?? new MacBudget(PORT_LIMITS.macs), false, options.roles);
    this.remotes = options.remotes;
    this.#segment = options.segment;
    this.#socket = options.socket;
    this.#overhead = options.socket.overhead + options.headerBytes;
    this.#clampMss = options.clampMss;
    this.#clock = options.clock;
    const { id: at, segment, report, clock } = options;
    this.#containment = new Containment({ at, vni: segment.vni, drops: this.drops, report, clock });
    this.#answers = new TokenBucket(PORT_LIMITS.answersPerSecond, PORT_LIMITS.answersAtOnce, options.clock());
    this.#knownMtu = options.mtu;
    this.#networkFrameBytes = options.networkFrameBytes ?? FRAME_BYTES;
    this.#frameBytes = (options.mtu ?? DEFAULT_MTU) - this.#overhead;
  }

  /** Maximum size in bytes of a frame that fits the underlay. */
  get frameBytes(): number {
    return this.#frameBytes;
  }

  /** Maximum size in bytes of the frames that super-frames are cut into. */
  get #segmentBytes(): number {
    return Math.min(this.#frameBytes, this.#networkFrameBytes);
  }

  /** Returns the header for a frame, which must stay unchanged while its packet waits. */
  protected abstract header(bytes: Uint8Array, frame: number, end: number, flow: number): Uint8Array;

  /** Returns the frame as the tunnel carries it: `bytes[frame, end)`, or a copy. */
  protected carried(bytes: Uint8Array, frame: number, end: number): Uint8Array {
    return bytes.subarray(frame, end);
  }

  override send(block: Block, _start: number, frame: number, end: number): void {
    const { bytes } = block;
    if (end - frame > this.#frameBytes) {
      this.#tooBig(bytes, frame, end);
      return;
    }
    const place = isGroupAt(bytes, frame) ? undefined : this.remotes.placeOf(readMac(bytes, frame));
    const everyone = this.remotes.everyone;
    if (place === undefined && everyone.length === 0) {
      this.#segment.drop(this, "no-receiver", bytes, frame, end);
      return;
    }
    if (this.#outstanding > PORT_LIMITS.outstanding && this.#socket.queued > PORT_LIMITS.queuedBytes) {
      this.#segment.drop(this, "queue-full", bytes, frame, end);
      return;
    }
    const flow = flowHash(bytes, frame, end, this.#seed);
    const clamped = this.#clampMss ? this.#clamped(bytes, frame, end) : undefined;
    const payload =
      clamped === undefined ? this.carried(bytes, frame, end) : this.carried(clamped, 0, clamped.length);
    const header = this.header(payload, 0, payload.length, flow);
    this.txFrames++;
    this.txBytes += end - frame;
    const sent = (error: Error | null) => this.#settled(block, error);
    for (const remote of place === undefined ? everyone : [place]) {
      this.#outstanding++;
      // Retains it for a copy too, because telling them apart would cost more than holding the block.
      block.retain();
      try {
        this.#socket.send(remote, header, payload, flow, sent);
      } catch (error) {
        sent(null);
        this.#containment.caught(error);
      }
    }
  }

  override flush(): void {
    // Everything went to the socket on arrival.
  }

  /**
   * Receives a frame from the tunnel, `bytes[frame, end)`, and copies it. Never throws.
   *
   * @param source its outer source
   * @param learn whether to learn that its inner source is there
   */
  receive(bytes: Uint8Array, frame: number, end: number, source: string, learn = true): void {
    if (this.#closed) return;
    if (!this.remotes.admits(source)) return this.drops.count("unknown-remote");
    const size = end - frame;
    if (size < ETHERNET_HEADER_BYTES || size > FRAME_BYTES) return this.drops.count("malformed");
    this.#flushSoon();
    try {
      this.#forward(bytes, frame, end, source, learn);
    } catch (error) {
      this.#containment.caught(error);
    }
  }

  #forward(bytes: Uint8Array, frame: number, end: number, source: string, learn: boolean): void {
    const slab = this.#slab;
    const mss = this.#clampMss ? findMss(bytes, frame, end) : -1;
    const undone = findUndone(bytes, frame, end);
    const { vni } = this.#segment;
    if (undone >= 0 && mss < 0) slab.addUndone(bytes, frame, end, vni, undone, this.#segmentBytes);
    else slab.add(bytes, frame, end, vni);
    if (mss >= 0) {
      // The checksum must be complete before it can be updated.
      completeChecksum(slab.block.bytes, slab.frame, slab.end);
      clampMss(slab.block.bytes, slab.frame, slab.end, mss + slab.frame - frame, this.#frameBytes);
    }
    const mac = readMac(bytes, frame + ETHERNET_SOURCE_OFFSET);
    this.#segment.forward(this, slab.block, slab.start, slab.frame, slab.end);
    if (learn && this.remotes.placeOf(mac)?.address !== source && this.#segment.table.lookup(mac) === this) {
      this.remotes.learn(mac, source);
    }
  }

  /** Flushes after everything that is read at this wake-up, so that it leaves together. */
  #flushSoon(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    setImmediate(this.#flushSegment);
  }

  /** Forgets what the segment has forgotten. Call it periodically. */
  tend(): void {
    this.#containment.run(() => this.remotes.sweep((mac) => this.#segment.table.lookup(mac) === this));
  }

  /**
   * Asks the system for the path MTUs to the named remotes, and uses the smallest. Learnt remotes do not count, because
   * a stranger behind a narrow link would reduce it for all.
   */
  async findMtu(): Promise<void> {
    if (this.#knownMtu !== undefined || this.#asking) return;
    this.#asking = true;
    try {
      const mtus = await Promise.all(this.remotes.named.map((remote) => this.#socket.mtuTo(remote)));
      const known = mtus.filter((mtu) => mtu !== undefined);
      // A loopback's 65,536 is more than an IP packet can have.
      const least = Math.min(...(known.length > 0 ? known : [DEFAULT_MTU]), 65_535);
      this.#frameBytes = Math.min(least - this.#overhead, FRAME_BYTES);
    } finally {
      this.#asking = false;
    }
  }

  /** Enters the segment. */
  enter(): void {
    this.#segment.attach(this);
  }

  /** Leaves the segment, and stops sending and receiving. */
  leave(): void {
    this.#closed = true;
    this.#segment.detach(this);
  }

  #settled(block: Block, error: Error | null): void {
    try {
      this.#outstanding--;
      block.release();
      if (error !== null) this.#refused((error as NodeJS.ErrnoException).code);
    } catch (thrown) {
      this.#containment.caught(thrown);
    }
  }

  #clamped(bytes: Uint8Array, frame: number, end: number): Uint8Array | undefined {
    const mss = findMss(bytes, frame, end);
    if (mss < 0) return undefined;
    const copy = bytes.slice(frame, end);
    clampMss(copy, 0, copy.length, mss - frame, this.#frameBytes);
    return copy;
  }

  #tooBig(bytes: Uint8Array, frame: number, end: number): void {
    this.#segment.drop(this, "too-big", bytes, frame, end);
    const sender = this.#segment.table.lookup(readMac(bytes, frame + ETHERNET_SOURCE_OFFSET));
    if (sender === undefined || sender === this || !this.#answers.take(this.#clock())) return;
    const answer = answerTooBig(bytes, frame, end, this.#frameBytes);
    if (answer !== undefined) this.#segment.toPort(sender, answer);
  }

  #refused(code: string | undefined): void {
    if (code !== "EMSGSIZE") return this.drops.count(code === "EAGAIN" ? "queue-full" : "underlay-refused");
    // A router on the path reported a smaller MTU: the next frame's sender is told.
    this.drops.count("too-big");
    if (!this.#closed) this.findMtu().catch(() => {});
  }
}
