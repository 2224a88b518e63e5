import { isGroupAt, readMac } from "../frame/mac.ts";
import { finish, OffloadFault, type PlainFrames } from "../offload/finish.ts";
import { VIRTIO_BYTES } from "../offload/virtio.ts";
import { ENCAPSULATION_BYTES, encapsulate, isOffload } from "../tunnel/record.ts";
import { MacTable } from "./mac-table.ts";
import type { Port } from "./port.ts";

/**
 * One layer-2 segment, known by its VNI: a learning switch (RFC 7348 section 4: flood and learn).
 *
 * A frame to a known address goes out at one port; broadcast, unknown unicast and multicast (BUM) go out at
 * all but the one they came from. What the ports gather is sent by {@link flush}, after a batch.
 */
export class Segment {
  readonly vni: number;
  readonly table = new MacTable();
  readonly #ports = new Set<Port>();
  /** Ports that were given something since the last flush. */
  readonly #dirty: Port[] = [];
  /** Who wants to know when that was sent. */
  #waiting: (() => void)[] = [];
  /** The packet at hand with its work done, once somebody needed it so. */
  #plain: PlainFrames | OffloadFault | undefined;
  readonly #clock: () => number;
  #now: number;

  /** @param clock seconds, from whatever start, never going back */
  constructor(vni: number, clock: () => number) {
    this.vni = vni;
    this.#clock = clock;
    this.#now = clock();
  }

  get ports(): ReadonlySet<Port> {
    return this.#ports;
  }

  attach(port: Port): void {
    this.#ports.add(port);
  }

  detach(port: Port): void {
    this.#ports.delete(port);
    this.table.forget(port);
  }

  /** Brings the segment's clock up to date and forgets silent addresses; to be called about once a second. */
  tick(): void {
    this.#now = this.#clock();
    this.table.age(this.#now);
  }

  /**
   * Switches one packet that came in at `from`: the record `bytes[start, end)`, whose frame begins at `frame`
   * and has at least an Ethernet header.
   */
  forward(from: Port, bytes: Uint8Array, start: number, frame: number, end: number): void {
    this.#plain = undefined;
    from.rxFrames++;
    from.rxBytes += end - frame;
    if (!this.#learn(from, bytes, frame)) return;
    if (isGroupAt(bytes, frame)) {
      this.#flood(from, bytes, start, frame, end);
      return;
    }
    const to = this.table.lookup(readMac(bytes, frame));
    if (to === undefined) this.#flood(from, bytes, start, frame, end);
    else if (to === from) from.drops.count("same-port");
    else this.#emit(to, bytes, start, frame, end);
  }

  /**
   * Has `done` called, once, when the ports have let go of what they were given until the next flush, whoever flushes:
   * where nothing was given, at that flush.
   */
  whenSent(done: () => void): void {
    this.#waiting.push(done);
  }

  /**
   * Has every port send what it was given.
   *
   * @param sent as {@link whenSent}
   */
  flush(sent?: () => void): void {
    if (sent !== undefined) this.#waiting.push(sent);
    const dirty = this.#dirty;
    const done = this.#takeWaiting(dirty.length);
    for (const port of dirty) {
      port.dirty = false;
      port.flush(done);
    }
    dirty.length = 0;
  }

  /** What tells those who wait, once it was called by each of so many ports. */
  #takeWaiting(ports: number): (() => void) | undefined {
    const waiting = this.#waiting;
    const first = waiting[0];
    if (first === undefined) return undefined;
    if (ports === 1 && waiting.length === 1) {
      waiting.length = 0;
      return first;
    }
    this.#waiting = [];
    let left = ports;
    const done = () => {
      left--;
      if (left <= 0) for (const one of waiting) one();
    };
    if (ports > 0) return done;
    done();
    return undefined;
  }

  /** @returns whether the frame may go on */
  #learn(from: Port, bytes: Uint8Array, frame: number): boolean {
    if (isGroupAt(bytes, frame + 6)) {
      from.drops.count("group-source");
      return false;
    }
    const source = readMac(bytes, frame + 6);
    const last = from.lastSource;
    if (last !== undefined && last.mac === source) {
      last.seenAt = this.#now;
      return true;
    }
    if (source === 0) {
      from.drops.count("zero-source");
      return false;
    }
    if (this.table.learn(source, from, this.#now) === "over-limit") {
      from.drops.count("mac-limit");
      return false;
    }
    return true;
  }

  #flood(from: Port, bytes: Uint8Array, start: number, frame: number, end: number): void {
    if (this.#ports.size < 2) from.drops.count("no-receiver");
    for (const port of this.#ports) {
      if (port !== from) this.#emit(port, bytes, start, frame, end);
    }
  }

  #emit(to: Port, bytes: Uint8Array, start: number, frame: number, end: number): void {
    if (!to.dirty) {
      to.dirty = true;
      this.#dirty.push(to);
    }
    if (to.offload || !isOffload(bytes, start)) to.send(bytes, start, frame, end);
    else this.#emitPlain(to, bytes, frame, end);
  }

  /** Does the work left to do, once for all the ports that can't take it, and sends what comes of it. */
  #emitPlain(to: Port, bytes: Uint8Array, frame: number, end: number): void {
    this.#plain ??= finish(bytes, frame - VIRTIO_BYTES, frame, end);
    const plain = this.#plain;
    if (plain instanceof OffloadFault) {
      to.drops.count("bad-offload");
      return;
    }
    for (let i = 0; i < plain.count; i++) {
      const plainFrame = plain.frameAt(i);
      const plainEnd = plain.endAt(i);
      const start = plainFrame - ENCAPSULATION_BYTES;
      encapsulate(plain.bytes, start, plainEnd, this.vni);
      to.send(plain.bytes, start, plainFrame, plainEnd);
    }
  }
}
