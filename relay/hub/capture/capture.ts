import {
  type Direction,
  emptyBlock,
  encodeText,
  interfaceDescription,
  interfaceStatistics,
  packetBytes,
  sectionHeader,
  writePacket,
} from "../../../shared/capture/pcapng.ts";
import { DROP_WORDS } from "../../../shared/switch/drop-words.ts";
import { DROP_REASONS, type DropReason } from "../../../shared/switch/drops.ts";
import { isEgressDrop, type SegmentObserver } from "../../../shared/switch/observer.ts";
import type { Port } from "../../../shared/switch/port.ts";
import { CaptureMemory } from "./capture-budget.ts";
import { CaptureBuffer, type Placed } from "./capture-buffer.ts";

/** The limits of a capture, each with its unit and reason. */
export interface CaptureLimits {
  /** Bytes that wait for a slow reader: a moment of a busy segment, and little beside what a hub has. */
  readonly bytes: number;
  /** Maximum number of interfaces, two to a port, so that ports that come and go do not fill the memory. */
  readonly interfaces: number;
  /** Milliseconds after which a capture ends if its reader takes nothing of `stalledBytes` or more. */
  readonly stalledMs: number;
  readonly stalledBytes: number;
}

export const CAPTURE_LIMITS: CaptureLimits = {
  bytes: 1_048_576,
  interfaces: 4_096,
  stalledMs: 30_000,
  stalledBytes: 65_536,
};

/** The frames to capture: all frames of the network by default. */
export interface CaptureFilter {
  /** Only frames that pass this VTEP's port. */
  readonly vtep?: string | undefined;
  /** Only dropped frames. */
  readonly drops?: boolean | undefined;
}

export interface CaptureOptions extends CaptureFilter {
  /** Description of the capture, written to the file. */
  readonly title: string;
  /** Monotonic milliseconds since 1970, with any fraction. */
  readonly clock: () => number;
  /** Returns the readable name of a port, if it has one. */
  readonly nameOf: (port: Port) => string | undefined;
  /** Called once, when the capture sees no more frames. */
  readonly ended?: () => void;
  readonly limits?: Partial<CaptureLimits>;
  /** Memory shared by the readers of all captures; by default its own. */
  readonly memory?: CaptureMemory | undefined;
}

/** Comment on frames whose checksum or segmentation work was left undone. */
const OFFLOAD_NOTE =
  "Frames of machines with segmentation offload are unchanged: up to 64 KiB long, TCP and UDP checksums incomplete.";

const COMMENTS: ReadonlyMap<DropReason, Uint8Array> = new Map(
  DROP_REASONS.map((reason) => [reason, encodeText(`dropped: ${reason} (${DROP_WORDS[reason]})`)]),
);

/** Bytes that a comment may add to a stored frame, including option header and padding. */
const COMMENT_BYTES = 8 + Math.max(...[...COMMENTS.values()].map(({ length }) => length));

/**
 * One capture of a network's frames, as pcapng.
 *
 * Every port is two interfaces, one for each direction. A frame dropped on arrival appears once, with the reason as its
 * comment. A frame dropped while it waits for its receiver appears twice, first as sent, because for the switch it was
 * sent. Thus an interface's frames match the port's counters: `inbound` are `rx_frames`, `outbound` without a comment
 * `tx_frames`, and those with comments its drops.
 *
 * It counts the frames for which the client is too slow, and reports them with the next frame of that interface and in
 * its statistics.
 */
export class Capture implements SegmentObserver {
  readonly #options: CaptureOptions;
  readonly #limits: CaptureLimits;
  readonly #memory: CaptureMemory;
  readonly #buffer = new CaptureBuffer();
  /** Waiting bytes last reported to the memory. */
  #noted = 0;
  /** Time since which the reader has taken nothing that waits. */
  #unreadSince = 0;
  readonly #startedAt: number;
  readonly #ports = new WeakMap<Port, PortInterfaces>();
  readonly #interfaces: Interface[] = [];
  /** Interfaces of ports beyond the limit. */
  #others: PortInterfaces | undefined;
  #described = 0;
  /** The frame that came in last, which may still be dropped. */
  #last: Received | undefined;
  #ended = false;
  #wake: (() => void) | undefined;

  constructor(options: CaptureOptions) {
    this.#options = options;
    this.#limits = { ...CAPTURE_LIMITS, ...options.limits };
    this.#memory = options.memory ?? new CaptureMemory();
    this.#startedAt = options.clock();
    this.#buffer.add(sectionHeader(`${options.title}. ${OFFLOAD_NOTE}`));
    this.#note();
  }

  /** Whether nothing more will be added. */
  get ended(): boolean {
    return this.#ended;
  }

  received(port: Port, bytes: Uint8Array, frame: number, end: number): void {
    this.#last = undefined;
    if (this.#options.drops === true || this.#passesOver(port)) return;
    const face = this.#portInterfaces(port).inbound;
    const at = this.#options.clock();
    const lost = face.unreported;
    const placed = this.#add(face, at, undefined, bytes, frame, end);
    this.#last = { port, face, at, lost, bytes, frame, end, placed };
  }

  sent(port: Port, bytes: Uint8Array, frame: number, end: number): void {
    if (this.#options.drops === true || this.#passesOver(port)) return;
    this.#add(this.#portInterfaces(port).outbound, this.#options.clock(), undefined, bytes, frame, end);
  }

  dropped(port: Port, reason: DropReason, bytes: Uint8Array, frame: number, end: number): void {
    if (this.#passesOver(port)) return;
    const comment = COMMENTS.get(reason);
    const ports = this.#portInterfaces(port);
    if (isEgressDrop(reason)) {
      this.#add(ports.outbound, this.#options.clock(), comment, bytes, frame, end);
      return;
    }
    const last = this.#last;
    this.#last = undefined;
    const isLast = last?.port === port && last.bytes === bytes && last.frame === frame && last.end === end;
    if (isLast && this.#annotate(last, comment)) return;
    this.#add(ports.inbound, this.#options.clock(), comment, bytes, frame, end);
  }

  /** Takes the oldest whole blocks; undefined if none waits. The caller must not change the bytes. */
  take(): Uint8Array | undefined {
    const taken = this.#buffer.take();
    this.#unreadSince = this.#options.clock();
    this.#note();
    return taken;
  }

  /** Settles once a block waits, or the capture has ended. */
  async more(): Promise<void> {
    if (this.#ended || this.#buffer.waiting > 0) return;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
  }

  /** Adds an empty block if none waits, so that no proxy on the way takes the connection for dead. */
  keepAlive(): void {
    if (this.#ended || this.#buffer.waiting > 0) return;
    this.#buffer.add(emptyBlock());
    this.#note();
    this.#notify();
  }

  /** Ends a capture whose reader has stalled, and drops what waits. Called about once a second. */
  tick(): void {
    const { stalledMs, stalledBytes } = this.#limits;
    if (this.#ended || this.#buffer.waiting < stalledBytes) return;
    if (this.#options.clock() - this.#unreadSince < stalledMs) return;
    this.end();
    this.#buffer.clear();
    this.#note();
  }

  /** Stops observing, and appends the interfaces' statistics; waiting blocks can still be taken. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#last = undefined;
    const endedAt = this.#options.clock();
    for (const face of this.#interfaces) {
      if (face.received === 0) continue;
      this.#describe(face);
      const { id: interfaceId, received, lost } = face;
      const statistics = { interfaceId, startedAt: this.#startedAt, endedAt, received, lost };
      this.#buffer.add(interfaceStatistics(statistics));
    }
    this.#note();
    this.#options.ended?.();
    this.#notify();
  }

  #passesOver(port: Port): boolean {
    const { vtep } = this.#options;
    return this.#ended || (vtep !== undefined && vtep !== port.id);
  }

  /**
   * Adds a frame.
   *
   * @returns undefined if there is no room for it; it then counts as lost
   */
  #add(
    face: Interface,
    at: number,
    comment: Uint8Array | undefined,
    bytes: Uint8Array,
    frame: number,
    end: number,
  ): Placed | undefined {
    face.received++;
    const { direction, unreported: lost } = face;
    const note = { interfaceId: face.id, at, direction, comment, lost };
    const size = packetBytes(end - frame, note);
    const needed = size + (comment === undefined ? COMMENT_BYTES : 0) + (face.description?.length ?? 0);
    if (this.#buffer.waiting + needed > this.#limits.bytes || !this.#memory.hasRoom(needed)) {
      face.lost++;
      face.unreported++;
      return undefined;
    }
    this.#describe(face);
    note.interfaceId = face.id;
    const placed = this.#buffer.place(size);
    writePacket(placed.chunk, placed.at, note, bytes, frame, end);
    face.unreported = 0;
    this.#note();
    this.#notify();
    return placed;
  }

  /** Adds the drop reason to the frame that came in last. @returns false if it is too late for that */
  #annotate(last: Received, comment: Uint8Array | undefined): boolean {
    const { face, at, lost, bytes, frame, end, placed } = last;
    // A frame without room was counted as lost when it came in.
    if (placed === undefined) return true;
    const note = { interfaceId: face.id, at, direction: face.direction, comment, lost };
    const by = packetBytes(end - frame, note) - placed.size;
    if (!this.#buffer.widen(placed, by)) return false;
    this.#note();
    writePacket(placed.chunk, placed.at, note, bytes, frame, end);
    return true;
  }

  /** Reports the waiting bytes to the memory. */
  #note(): void {
    const { waiting } = this.#buffer;
    if (this.#noted === 0 && waiting > 0) this.#unreadSince = this.#options.clock();
    this.#memory.change(waiting - this.#noted);
    this.#noted = waiting;
  }

  #describe(face: Interface): void {
    if (face.description === undefined) return;
    this.#buffer.add(face.description);
    face.description = undefined;
    face.id = this.#described++;
  }

  #portInterfaces(port: Port): PortInterfaces {
    const known = this.#ports.get(port);
    if (known !== undefined) return known;
    let faces = this.#others;
    if (this.#interfaces.length + 2 <= this.#limits.interfaces) {
      const name = this.#options.nameOf(port);
      const title = name === undefined ? `VTEP ${port.id}` : `${name.slice(0, 64)} (VTEP ${port.id})`;
      faces = this.#interfacePair(port.id, title);
    } else if (faces === undefined) {
      faces = this.#interfacePair("others", "all further ports");
      this.#others = faces;
    }
    this.#ports.set(port, faces);
    return faces;
  }

  #interfacePair(name: string, title: string): PortInterfaces {
    const inbound = new Interface(
      "inbound",
      interfaceDescription(`${name} in`, `${title}, inbound: from there to the hub`),
    );
    const outbound = new Interface(
      "outbound",
      interfaceDescription(`${name} out`, `${title}, outbound: from the hub to there`),
    );
    this.#interfaces.push(inbound, outbound);
    return { inbound, outbound };
  }

  #notify(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}

interface PortInterfaces {
  readonly inbound: Interface;
  readonly outbound: Interface;
}

/** One direction of a port. */
class Interface {
  readonly direction: Direction;
  /** Its description block, until that is written. */
  description: Uint8Array | undefined;
  /** Its number, once it is described. */
  id = 0;
  /** Number of frames it had for this capture. */
  received = 0;
  /** Number of these that found no room. */
  lost = 0;
  /** Number of lost frames that no later frame has reported yet. */
  unreported = 0;

  constructor(direction: Direction, description: Uint8Array) {
    this.direction = direction;
    this.description = description;
  }
}

interface Received {
  readonly port: Port;
  readonly face: Interface;
  readonly at: number;
  /** Number of frames lost before it, which it reports. */
  readonly lost: number;
  readonly bytes: Uint8Array;
  readonly frame: number;
  readonly end: number;
  /** Undefined if there was no room for it. */
  readonly placed: Placed | undefined;
}
