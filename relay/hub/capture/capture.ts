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

/** A capture's own limits, each with its unit and reason. */
export interface CaptureLimits {
  /** Bytes that wait for a client who reads slowly: a moment of a busy segment, and little beside what a hub has. */
  readonly bytes: number;
  /** Interfaces told apart, two to a port, so that ports that come and go don't fill the memory. */
  readonly interfaces: number;
  /** Milliseconds for which a reader may take nothing of `stalledBytes` or more: a capture that is not read ends. */
  readonly stalledMs: number;
  readonly stalledBytes: number;
}

export const CAPTURE_LIMITS: CaptureLimits = {
  bytes: 1_048_576,
  interfaces: 4_096,
  stalledMs: 30_000,
  stalledBytes: 65_536,
};

/** What of a network's frames is asked for: all of them, unless it says otherwise. */
export interface CaptureFilter {
  /** Only what passes this VTEP's port. */
  readonly vtep?: string | undefined;
  /** Only what is dropped. */
  readonly drops?: boolean | undefined;
}

export interface CaptureOptions extends CaptureFilter {
  /** Says in the file what it is of. */
  readonly title: string;
  /** Milliseconds since 1970, with what fraction there is, never going back. */
  readonly clock: () => number;
  /** What a port is called by people, where it has such a name. */
  readonly nameOf: (port: Port) => string | undefined;
  /** Called once, when the capture sees no more. */
  readonly ended?: () => void;
  readonly limits?: Partial<CaptureLimits>;
  /** What waits for the readers of all captures; its own unless it is given. */
  readonly memory?: CaptureMemory | undefined;
}

/** What is left to say of frames whose work was not done. */
const OFFLOAD_NOTE =
  "Frames of machines with segmentation offload are as they came: up to 64 KiB long, TCP and UDP checksums unfinished.";

const COMMENTS: ReadonlyMap<DropReason, Uint8Array> = new Map(
  DROP_REASONS.map((reason) => [reason, encodeText(`dropped: ${reason} (${DROP_WORDS[reason]})`)]),
);

/** What a comment may add to a frame that was kept already: option header and padding included. */
const COMMENT_BYTES = 8 + Math.max(...[...COMMENTS.values()].map(({ length }) => length));

/**
 * One capture of a network's frames, as pcapng.
 *
 * Every port is two interfaces, one for each direction. A frame that comes in and is dropped is in it once, with
 * the reason as its comment; one that is dropped while it waits for its receiver was sent as far as the switch is
 * concerned, so it is in it twice, first as sent. Thus an interface's frames are the port's counters: `inbound`
 * are `rx_frames`, `outbound` without a comment `tx_frames`, and those with comments its drops.
 *
 * What the client is too slow for is counted, told with the next frame of that interface and in its statistics.
 */
export class Capture implements SegmentObserver {
  readonly #options: CaptureOptions;
  readonly #limits: CaptureLimits;
  readonly #memory: CaptureMemory;
  readonly #buffer = new CaptureBuffer();
  /** What the memory was told that waits. */
  #noted = 0;
  /** Since when the reader has taken nothing of what waits. */
  #unreadSince = 0;
  readonly #startedAt: number;
  readonly #ports = new WeakMap<Port, PortInterfaces>();
  readonly #interfaces: Interface[] = [];
  /** Of ports beyond the limit. */
  #others: PortInterfaces | undefined;
  #described = 0;
  /** The frame that came in last, which may be dropped yet. */
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

  /** Whether nothing more will be added to what waits. */
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

  /** Takes what waits longest, whole blocks; undefined where nothing waits. Nobody may change its bytes. */
  take(): Uint8Array | undefined {
    const taken = this.#buffer.take();
    this.#unreadSince = this.#options.clock();
    this.#note();
    return taken;
  }

  /** Settles once there is something to take, or nothing more will come. */
  async more(): Promise<void> {
    if (this.#ended || this.#buffer.waiting > 0) return;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
  }

  /** Adds a block that says nothing, where nothing waits: so that no one on the way takes the line for dead. */
  keepAlive(): void {
    if (this.#ended || this.#buffer.waiting > 0) return;
    this.#buffer.add(emptyBlock());
    this.#note();
    this.#notify();
  }

  /** Ends the capture if it is not read, and drops what waits. Called about once a second. */
  tick(): void {
    const { stalledMs, stalledBytes } = this.#limits;
    if (this.#ended || this.#buffer.waiting < stalledBytes) return;
    if (this.#options.clock() - this.#unreadSince < stalledMs) return;
    this.end();
    this.#buffer.clear();
    this.#note();
  }

  /** Sees no more, and closes with the interfaces' statistics; what waits can still be taken. */
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

  /** @returns undefined where there is no room for it; it was counted as lost */
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

  /** Says of the frame that came in last why it goes no further. @returns false where it is too late for that */
  #annotate(last: Received, comment: Uint8Array | undefined): boolean {
    const { face, at, lost, bytes, frame, end, placed } = last;
    // One that found no room was counted when it came in.
    if (placed === undefined) return true;
    const note = { interfaceId: face.id, at, direction: face.direction, comment, lost };
    const by = packetBytes(end - frame, note) - placed.size;
    if (!this.#buffer.widen(placed, by)) return false;
    this.#note();
    writePacket(placed.chunk, placed.at, note, bytes, frame, end);
    return true;
  }

  /** Tells the memory of what waits now. */
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
  /** Its block, until that was written. */
  description: Uint8Array | undefined;
  /** Its number, once it is described. */
  id = 0;
  /** Frames that it had for this capture. */
  received = 0;
  /** Of these, such as found no room. */
  lost = 0;
  /** Of those, such as no frame behind them has told of. */
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
  /** Frames lost before it, which it tells of. */
  readonly lost: number;
  readonly bytes: Uint8Array;
  readonly frame: number;
  readonly end: number;
  /** Undefined where there was no room for it. */
  readonly placed: Placed | undefined;
}
