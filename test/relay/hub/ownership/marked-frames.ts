/** Frames that say where they are from in every byte, and what finds out whose the bytes are that somebody was given. */
import { randomBytes } from "node:crypto";
import {
  ENCAPSULATION_BYTES,
  encapsulate,
  OFFLOAD_BYTES,
  RECORD_OFFLOAD,
  RECORD_VXLAN,
} from "../../../../shared/protocol/record.ts";

/** IEEE's for experiments (RFC 9542 appendix B.2). */
const ETHERTYPE = 0x88b5;
const HEADER = 14;
const NUMBER = 4;

/** The least that a marked frame has: its header and number. */
export const LEAST_BYTES = HEADER + NUMBER;

/** What the hub itself says is shorter: ARP, neighbour discovery, IGMP, MLD, probes for loops. */
const HUB_BYTES = 160;

interface Sent {
  readonly vni: number;
  readonly frame: Buffer;
}

export class MarkedFrames {
  readonly #sent: Sent[] = [];

  /** Makes a frame that is known from then on. */
  make(vni: number, destination: number, source: number, size: number): Buffer {
    const frame = randomBytes(Math.max(size, LEAST_BYTES));
    frame.writeUIntBE(destination, 0, 6);
    frame.writeUIntBE(source, 6, 6);
    frame.writeUInt16BE(ETHERTYPE, 12);
    frame.writeUInt32BE(this.#sent.length, HEADER);
    this.#sent.push({ vni, frame });
    return frame;
  }

  /**
   * Says what is wrong with a frame that a session was given.
   *
   * @param vnis the networks that the session's tenant has
   */
  fault(vni: number, frame: Buffer, vnis: readonly number[]): string | undefined {
    if (!vnis.includes(vni)) return `a frame of VNI ${vni}`;
    if (frame.length < HEADER || frame.readUInt16BE(12) !== ETHERTYPE) {
      if (frame.length > HUB_BYTES) return `${frame.length} bytes that nobody sent`;
      return frame.includes(FREE) ? "bytes of a block that was free" : undefined;
    }
    const sent = this.#sent[frame.readUInt32BE(HEADER)];
    if (sent === undefined || !sent.frame.equals(frame)) return "a frame that nobody sent";
    return sent.vni === vni ? undefined : `a frame that was sent in VNI ${sent.vni}`;
  }
}

/** Some of what hostile memory is filled with. */
const FREE = Buffer.alloc(8, 0xdb);

/** A frame as a record; of type 2 without work left to do where `offload`. */
export function recordOf(vni: number, frame: Uint8Array, offload: boolean): Buffer {
  const headroom = offload ? OFFLOAD_BYTES : ENCAPSULATION_BYTES;
  const record = Buffer.alloc(headroom + frame.length);
  record.set(frame, headroom);
  encapsulate(record, 0, record.length, vni, offload ? RECORD_OFFLOAD : RECORD_VXLAN);
  return record;
}
