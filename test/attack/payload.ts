// Builds bystanders' frames, and finds their bytes where they must not be.
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { Random } from "../fuzz/random.ts";

/** Bytes of a tenant's mark: 64 random bits do not occur by chance. */
export const MARK_BYTES = 8;
/** Distance of the marks in bytes; the bytes between them differ from frame to frame. */
const VARIED_BYTES = 8;
/** Bytes of Ethernet header and of the fields behind it: flow (1), zero (3), sequence number (4). */
const ETHERNET_BYTES = 14;
export const HEAD_BYTES = ETHERNET_BYTES + 8;
/** The experimental EtherType (IEEE 802), which the hub only forwards. */
const ETHERTYPE = 0x88b5;

/** The fields in the head of a bystander's frame. */
export interface Head {
  readonly destination: number;
  readonly source: number;
  /** The flow within its tenant, 0 to 255. */
  readonly flow: number;
  readonly sequence: number;
}

/** Returns the mark that all frames of a bystander tenant carry in a run with this seed. */
export function markOf(tenant: string, seed: number): Buffer {
  return createHash("sha256").update(`${tenant} ${seed}`).digest().subarray(0, MARK_BYTES);
}

/**
 * Writes the one frame that has this head, mark and length. The receiver makes it again and compares every byte.
 *
 * @param bytes of the frame, {@link HEAD_BYTES} at least
 */
export function writeFrame(bytes: Buffer, head: Head, mark: Uint8Array): void {
  bytes.writeUIntBE(head.destination, 0, 6);
  bytes.writeUIntBE(head.source, 6, 6);
  bytes.writeUInt16BE(ETHERTYPE, 12);
  bytes.writeUInt32BE(head.flow * 2 ** 24, ETHERNET_BYTES);
  bytes.writeUInt32BE(head.sequence, ETHERNET_BYTES + 4);
  const random = new Random(
    mark.reduce((sum, byte) => sum * 31 + byte, head.flow) + head.sequence * 2_654_435,
  );
  for (let at = HEAD_BYTES; at < bytes.length; at += MARK_BYTES + VARIED_BYTES) {
    const varied = Math.min(at + MARK_BYTES, bytes.length);
    bytes.set(mark.subarray(0, varied - at), at);
    random.fill(bytes, varied, Math.min(varied + VARIED_BYTES, bytes.length));
  }
}

/** Reads the head of a bystander's frame; undefined for frames of another EtherType. */
export function readHead(frame: Buffer): Head | undefined {
  if (frame.length < HEAD_BYTES || frame.readUInt16BE(12) !== ETHERTYPE) return undefined;
  return {
    destination: frame.readUIntBE(0, 6),
    source: frame.readUIntBE(6, 6),
    flow: frame.readUInt8(ETHERNET_BYTES),
    sequence: frame.readUInt32BE(ETHERNET_BYTES + 4),
  };
}

/** Searches one stream of bytes for bystanders' marks, also across two reads. */
export class MarkFinder {
  readonly #marks: readonly Buffer[];
  #tail = Buffer.alloc(0);

  constructor(marks: readonly Buffer[]) {
    this.#marks = marks;
  }

  /** Returns the bytes around the first mark, or undefined if there is none. */
  find(read: Uint8Array): Buffer | undefined {
    const bytes = Buffer.from(read.buffer, read.byteOffset, read.length);
    const seam = Buffer.concat([this.#tail, bytes.subarray(0, MARK_BYTES - 1)]);
    this.#tail = Buffer.concat([this.#tail, bytes.subarray(-(MARK_BYTES - 1))]).subarray(-(MARK_BYTES - 1));
    for (const mark of this.#marks) {
      const at = bytes.indexOf(mark);
      if (at >= 0) return Buffer.from(bytes.subarray(Math.max(0, at - 32), at + 32));
      if (seam.includes(mark)) return seam;
    }
    return undefined;
  }
}
