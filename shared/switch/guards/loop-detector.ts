/**
 * Finds loops by probes: a frame of the hub's own that went out of a port and comes in again.
 *
 * ```
 *  0                   6                   12      14              18      20              24
 *  +-------------------+-------------------+-------+---------------+-------+---------------+---------------
 *  | 03:4c:41:4e:45:57 |   the hub's MAC   | 88 b5 |  "LnWy"       | 0  1  |  port number  | key, 16 bytes …
 *  +-------------------+-------------------+-------+---------------+-------+---------------+---------------
 *  40              44                                           60
 *  +---------------+---------------------------------------------+
 *  |   sequence    |  zeros                                      |
 *  +---------------+---------------------------------------------+
 * ```
 *
 * The port number at 20 and the sequence have 32 bits. The destination is a locally administered group, which bridges
 * flood and machines ignore. The EtherType is for experiments (IEEE 802 section 9.2.4), hence the mark behind it.
 *
 * Every port has a random key, which only the machines behind it see, so a machine cannot forge the probe of another
 * port. A machine that sends its own probe back cuts itself off. Two that conspire can cut off one of their own ports.
 * A probe of another hub, or an expired one, is forwarded like any frame: a hub behind a port needs its probes back.
 */
import { readUint16, readUint32, writeUint16, writeUint32 } from "../../frame/bytes.ts";
import { ETHERTYPE_EXPERIMENTAL } from "../../frame/ethernet.ts";
import { writeMac } from "../../frame/mac.ts";
import type { HubSender } from "../hub-sender.ts";
import type { SegmentNotice } from "../notice.ts";
import type { FrameView } from "../policy/frame-view.ts";
import type { Port } from "../port.ts";

/** Destination of probes. */
export const LOOP_PROBE_GROUP = 0x034c_414e_4557;

/** Least number of seconds for which a port is cut off, as in switches ("errdisable recovery"). */
export const RETRY_SECONDS = 300;

/** Seconds without a returned probe after which a loop counts as gone: several were sent meanwhile. */
export const QUIET_SECONDS = 5;

/** Seconds for which a port is probed after it came under suspicion. */
export const SUSPICION_SECONDS = 10;

/** Greatest age of a probe, in probes sent since: an older one was delayed too long or kept. */
const MAX_PROBE_AGE = 10;

/** "LnWy". */
const MARK = 0x4c6e_5779;
const VERSION = 1;
const KEY_BYTES = 16;

/** Offsets from the start of the frame, and then from the end of the EtherType. */
const TYPE_OFFSET = 12;
const BODY_OFFSET = 14;
const VERSION_OFFSET = 4;
const NUMBER_OFFSET = 6;
const KEY_OFFSET = 10;
const SEQUENCE_OFFSET = 26;
const BODY_BYTES = 30;
/** Least length of an Ethernet frame without its FCS. */
const FRAME_BYTES = 60;

/**
 * A loop: the ports that it joins, one if all of it is behind that port, and the port that was cut off now. Without ports
 * if the probe was too old to prove a loop.
 */
export interface Loop {
  readonly ports: readonly Port[];
  /** The port that was cut off now; undefined if one of them was cut off before. */
  readonly cut: Port | undefined;
}

const NO_LOOP: Loop = { ports: [], cut: undefined };

export interface LoopDetectorOptions {
  /** The hub's own MAC address in the segment. */
  readonly hubMac: number;
  readonly send: HubSender;
  readonly notice: (notice: SegmentNotice) => void;
}

interface PortState {
  readonly port: Port;
  /** Increases with every port: the newer of two has the higher number. */
  readonly number: number;
  /** Created with the first probe, because most ports never get one. */
  key: Uint8Array | undefined;
  /** When probing ends, in seconds. */
  suspectedUntil: number;
  /** When it was cut off, and when a probe last proved the loop. */
  cutAt: number | undefined;
  loopSeenAt: number;
}

/**
 * Probes the ports of a segment and decides which to cut off.
 *
 * It probes suspected ports only, with one frame of 60 bytes per second: those where an address of another port came up,
 * as happens with every frame in a loop. A loop without such addresses carries no frames. Cut ports are probed all
 * the time, to learn when the loop is gone without letting other frames through. So probes must reach a cut port, and
 * {@link check} must see the frames that come in there.
 */
export class LoopDetector {
  readonly #options: LoopDetectorOptions;
  readonly #ports = new Map<Port, PortState>();
  readonly #byNumber = new Map<number, PortState>();
  #lastNumber = 0;
  #sequence = 0;

  constructor(options: LoopDetectorOptions) {
    this.#options = options;
  }

  attach(port: Port): void {
    this.detach(port);
    this.#lastNumber++;
    const state: PortState = {
      port,
      number: this.#lastNumber,
      key: undefined,
      suspectedUntil: 0,
      cutAt: undefined,
      loopSeenAt: 0,
    };
    this.#ports.set(port, state);
    this.#byNumber.set(state.number, state);
  }

  detach(port: Port): void {
    const state = this.#ports.get(port);
    if (state === undefined) return;
    this.#ports.delete(port);
    this.#byNumber.delete(state.number);
  }

  /** Returns whether a port is cut off, so that no frame passes between it and others. */
  isCut(port: Port): boolean {
    return this.#ports.get(port)?.cutAt !== undefined;
  }

  /** Opens the ports whose loop is gone, and sends the next probes; to be called about once a second. */
  tick(now: number): void {
    for (const state of this.#ports.values()) {
      if (state.cutAt === undefined || now - state.cutAt < RETRY_SECONDS) continue;
      if (now - state.loopSeenAt >= QUIET_SECONDS) state.cutAt = undefined;
    }
    if (this.#ports.size < 2) return;
    this.#sequence = (this.#sequence + 1) >>> 0;
    for (const state of this.#ports.values()) {
      if (state.cutAt === undefined && now >= state.suspectedUntil) continue;
      this.#options.send.toPort(state.port, this.#probe(state));
    }
  }

  /** Suspects a port where an address of another port came up: it may have moved, or looped. */
  suspect(port: Port, now: number): void {
    const state = this.#ports.get(port);
    if (state !== undefined) state.suspectedUntil = now + SUSPICION_SECONDS;
  }

  /**
   * Returns the loop that a probe of this segment proves, or undefined for other frames, which then go on. To be called
   * before anything is learnt from the frame, and before {@link isCut}.
   *
   * @param now seconds
   */
  check(from: Port, view: FrameView, now: number): Loop | undefined {
    if (view.etherType !== ETHERTYPE_EXPERIMENTAL) return undefined;
    const sentTo = this.#sentTo(view);
    const cameIn = this.#ports.get(from);
    if (sentTo === undefined || cameIn === undefined) return undefined;
    const age = (this.#sequence - readUint32(view.bytes, view.payload + SEQUENCE_OFFSET)) >>> 0;
    if (age > MAX_PROBE_AGE) return NO_LOOP;
    const ports = sentTo === cameIn ? [from] : [sentTo.port, from];
    if (sentTo.cutAt !== undefined || cameIn.cutAt !== undefined) {
      sentTo.loopSeenAt = now;
      cameIn.loopSeenAt = now;
      return { ports, cut: undefined };
    }
    const newer = sentTo.number > cameIn.number ? sentTo : cameIn;
    newer.cutAt = now;
    newer.loopSeenAt = now;
    this.#tell(ports, newer.port);
    return { ports, cut: newer.port };
  }

  /** Returns the port that a probe was sent to, if the frame is a probe and the port is still attached. */
  #sentTo({ bytes, payload, end }: FrameView): PortState | undefined {
    if (payload + BODY_BYTES > end || readUint32(bytes, payload) !== MARK) return undefined;
    if (readUint16(bytes, payload + VERSION_OFFSET) !== VERSION) return undefined;
    const state = this.#byNumber.get(readUint32(bytes, payload + NUMBER_OFFSET));
    const key = state?.key;
    if (key === undefined) return undefined;
    for (let i = 0; i < KEY_BYTES; i++) {
      if (bytes[payload + KEY_OFFSET + i] !== key[i]) return undefined;
    }
    return state;
  }

  /** Builds a probe in a new buffer, because the last one may still wait to be sent. */
  #probe(state: PortState): Uint8Array {
    const { number } = state;
    state.key ??= crypto.getRandomValues(new Uint8Array(KEY_BYTES));
    const frame = new Uint8Array(FRAME_BYTES);
    writeMac(frame, writeMac(frame, 0, LOOP_PROBE_GROUP), this.#options.hubMac);
    writeUint16(frame, TYPE_OFFSET, ETHERTYPE_EXPERIMENTAL);
    writeUint32(frame, BODY_OFFSET, MARK);
    writeUint16(frame, BODY_OFFSET + VERSION_OFFSET, VERSION);
    writeUint32(frame, BODY_OFFSET + NUMBER_OFFSET, number);
    frame.set(state.key, BODY_OFFSET + KEY_OFFSET);
    writeUint32(frame, BODY_OFFSET + SEQUENCE_OFFSET, this.#sequence);
    return frame;
  }

  #tell(ports: readonly Port[], cut: Port): void {
    const [one, other] = ports;
    const what =
      other === undefined
        ? `What is sent to ${one?.id} comes back from there: something behind it is wired to itself`
        : `What is sent to ${one?.id} comes in at ${other.id}: the two are bridged somewhere behind them`;
    this.#options.notice({
      code: "loop",
      message: `${what}. ${cut.id} is cut off for ${RETRY_SECONDS / 60} minutes, and until that has ended: undo the bridge.`,
      ports,
    });
  }
}
