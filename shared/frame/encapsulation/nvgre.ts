/**
 * Network Virtualization using GRE, RFC 7637 section 3.2: GRE with its key split in two, around an Ethernet frame
 * without 802.1Q tag and FCS.
 *
 * ```
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-----------------+-----+-------------------------------+
 * |0| |1|0|    reserved     |  0  |    protocol type 0x6558       |
 * +-+-+-+-+-----------------+-----+---------------+---------------+
 * |        virtual subnet id (VSID), 24 bits      |    FlowID     |
 * +-----------------------------------------------+---------------+
 * ```
 */
import { hasRoom, holds, isField, type Written, writeUint32 } from "../bytes.ts";
import { ETHERTYPE_TEB } from "../ethernet.ts";
import { Malformed } from "../malformed.ts";
import { decodeGre } from "./gre.ts";

/** Length of the header in bytes. */
export const NVGRE_HEADER_BYTES = 8;

/** The highest VSID for use, because the one above is for vendors (RFC 7637 section 3.3). */
export const MAX_VSID = 0xff_fffe;

/** The lowest VSID for use, because lower ones are reserved (RFC 7637 section 3.3). */
export const MIN_VSID = 0x1000;

const KEY_FLAG = 0x2000_0000;

/** A decoded header: the frame is [payload, end). */
export interface Nvgre {
  /** 24 bits. */
  readonly vsid: number;
  /** 8 bits; the sender chooses a value for each flow. */
  readonly flowId: number;
  readonly payload: number;
  readonly end: number;
}

/**
 * Decodes the header at the start of [start, end). Never throws. K must be 1, C and S 0 (RFC 7637 section 3.2). The
 * caller checks that the VSID is not reserved.
 */
export function decodeNvgre(bytes: Uint8Array, start: number, end: number): Nvgre | Malformed {
  if (!holds(bytes, start, end, NVGRE_HEADER_BYTES)) return new Malformed("nvgre", "truncated");
  const gre = decodeGre(bytes, start, end);
  if (gre instanceof Malformed) return new Malformed("nvgre", gre.reason);
  const { protocol, checksummed, key, sequence, payload } = gre;
  if (checksummed || sequence !== undefined || key === undefined) return new Malformed("nvgre", "bad-flags");
  if (protocol !== ETHERTYPE_TEB) return new Malformed("nvgre", "bad-type");
  return { vsid: vsidOf(key), flowId: key & 0xff, payload, end };
}

/** Returns the VSID in a GRE key. */
export function vsidOf(key: number): number {
  return key >>> 8;
}

/** Writes a header at `offset` and returns where the frame begins; undefined for a field out of range. */
export function writeNvgre(bytes: Uint8Array, offset: Written, vsid: number, flowId: number): Written {
  if (!hasRoom(bytes, offset, NVGRE_HEADER_BYTES)) return undefined;
  if (!isField(vsid, 0xff_ffff) || !isField(flowId, 0xff)) return undefined;
  writeUint32(bytes, offset, KEY_FLAG | ETHERTYPE_TEB);
  writeUint32(bytes, offset + 4, vsid * 256 + flowId);
  return offset + NVGRE_HEADER_BYTES;
}
