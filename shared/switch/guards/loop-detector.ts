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
 * The port number at 20 is of 32 bits, as is the sequence. The destination is a locally administered group, which
 * bridges flood and which machines ignore, and the EtherType is for experiments (IEEE 802 section 9.2.4), hence the
 * marks behind it.
 *
 * Every port has a random key of its own, which only those behind it get to see. So nobody can forge the probe of another
 * port: who sends his own back cuts himself off, and only two who conspire can cut one of themselves, while they do.
 * A probe that is not the hub's, or no longer, is a frame like any other: there may be another hub behind a port, whose probe
 * has to come round as well.
 */
import { readUint16, readUint32, writeUint16, writeUint32 } from "../../frame/bytes.ts";
import { ETHERTYPE_EXPERIMENTAL } from "../../frame/ethernet.ts";
import { writeMac } from "../../frame/mac.ts";
import type { FrameView } from "../frame-view.ts";
import type { HubSender } from "../hub-sender.ts";
import type { Notice } from "../notice.ts";
import type { Port } from "../port.ts";

/** Where probes go to. */
export const PROBE_GROUP = 0x034c_414e_4557;

/** Seconds for which a port is cut off at least, as switches do it ("errdisable recovery"). */
export const RETRY_SECONDS = 300;

/** Seconds without a probe that came back, after which a loop is taken to be gone: several were sent meanwhile. */
export const QUIET_SECONDS = 5;

/** Seconds for which a port is probed after it came under suspicion. */
export const SUSPICION_SECONDS = 10;

/** How many probes ago the one may have been sent that comes in now: what is older waited too long, or was kept. */
const MAX_PROBE_AGE = 10;

/** "LnWy". */
const MARK = 0x4c6e_5779;
const VERSION = 1;
const KEY_BYTES = 16;

/** From the start of the frame, and of what follows the EtherType. */
const TYPE_OFFSET = 12;
const BODY_OFFSET = 14;
const VERSION_OFFSET = 4;
const NUMBER_OFFSET = 6;
const KEY_OFFSET = 10;
const SEQUENCE_OFFSET = 26;
const BODY_BYTES = 30;
/** The least that Ethernet carries, without the FCS. */
const FRAME_BYTES = 60;

/**
 * A loop that was found: the ports that it joins, one if it is all behind that, and which of them was cut off now.
 * No ports: a probe that is too old to say anything.
 */
export interface Loop {
  readonly ports: readonly Port[];
  /** Undefined where one of them had been cut off before. */
  readonly cut: Port | undefined;
}

const NO_LOOP: Loop = { ports: [], cut: undefined };

export interface LoopDetectorOptions {
  /** The hub's own MAC address in the segment. */
  readonly hubMac: number;
  readonly send: HubSender;
  readonly notice: (notice: Notice) => void;
}

interface PortState {
  readonly port: Port;
  /** Grows from port to port: of two the newer has the higher one. */
  readonly number: number;
  /** Made with the first probe, as most ports never see one. */
  key: Uint8Array | undefined;
  /** Until when it is probed. */
  suspectedUntil: number;
  /** When it was cut off, and when a probe last showed that the loop is still there. */
  cutAt: number | undefined;
  loopSeenAt: number;
}

/**
 * Probes the ports of a segment, and says which are to be cut off.
 *
 * Only ports that are suspected are probed, by one frame of 60 bytes per second: those where an address came up that is
 * elsewhere, as each frame that goes around does. Where none does there may be a loop, but nothing goes around in it.
 * Ports that are cut off are probed all the time: that is how it is known, without letting a frame of others through,
 * when the loop is gone. So probes have to reach a cut port, and {@link check} has to see what comes in there.
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

  /** Whether nothing is to pass between this port and others: asked for what comes in, and for what goes out. */
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

  /** An address came in at a port that is elsewhere: it may have moved, or gone around. */
  suspect(port: Port, now: number): void {
    const state = this.#ports.get(port);
    if (state !== undefined) state.suspectedUntil = now + SUSPICION_SECONDS;
  }

  /**
   * Looks whether a frame is a probe of this segment; to be asked before anything is learnt from it, and before
   * {@link isCut}.
   *
   * @param now seconds
   * @returns undefined for any other frame, which then goes on; a probe never does
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

  /** The port that a probe was sent to, if it is one and the port is still there. */
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

  /** A buffer of its own each time: the one before may still wait to be sent. */
  #probe(state: PortState): Uint8Array {
    const { number } = state;
    state.key ??= crypto.getRandomValues(new Uint8Array(KEY_BYTES));
    const frame = new Uint8Array(FRAME_BYTES);
    writeMac(frame, writeMac(frame, 0, PROBE_GROUP), this.#options.hubMac);
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
