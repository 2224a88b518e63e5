/**
 * Frames by which agents measure the network between them, under IEEE 802's Local Experimental EtherType 2:
 *
 * ```
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +---------------------------------------------------------------+
 * |                    magic: 4C 57 50 42, "LWPB"                 |
 * +---------------+---------------+-------------------------------+
 * |  version (1)  |     kind      |           reserved            |
 * +---------------+---------------+-------------------------------+
 * |                   session: random, the asker's                |
 * +---------------------------------------------------------------+
 * |              sequence, or how many were counted               |
 * +---------------------------------------------------------------+
 * |          microseconds from the first counted to the last      |
 * +---------------------------------------------------------------+
 * |         of a report: the sequence of what it answers          |
 * +---------------------------------------------------------------+
 * |                        padding to size                        |
 * +---------------------------------------------------------------+
 * ```
 *
 * `echo` is answered by `reply`, of the same size and sequence. `burst` is counted, and every {@link REPORT_EVERY} of
 * them, and each with the sequence {@link LAST}, answered by `report`.
 */
import { readUint32, writeUint16, writeUint32 } from "../../../shared/frame/bytes.ts";
import { ETHERNET_HEADER_BYTES, encodeEthernet } from "../../../shared/frame/ethernet.ts";

export const ETHERTYPE_PROBE = 0x88b6;
export const PROBE_BYTES = 24;
/** A group address reserved for probes: locally administered, and of no protocol that hubs snoop. */
export const PATH_PROBE_GROUP = 0x03_4c_57_50_42_01;
export const REPORT_EVERY = 32;
export const LAST = 0xffff_ffff;

const MAGIC = 0x4c_57_50_42;
const VERSION = 1;
const KINDS = { echo: 1, reply: 2, burst: 3, report: 4 } as const;

export type ProbeKind = keyof typeof KINDS;

export interface Probe {
  readonly kind: ProbeKind;
  readonly session: number;
  readonly sequence: number;
  /** In a report only. */
  readonly microseconds: number;
  /** In a report: the sequence of the frame that it answers. */
  readonly answers: number;
}

/** Returns whether a frame may be a probe, by its EtherType. */
export function isProbe(bytes: Uint8Array, frame: number, end: number): boolean {
  return (
    end - frame >= ETHERNET_HEADER_BYTES + PROBE_BYTES &&
    bytes[frame + 12] === ETHERTYPE_PROBE >> 8 &&
    bytes[frame + 13] === (ETHERTYPE_PROBE & 0xff)
  );
}

/** Decodes a frame for which {@link isProbe} is true; undefined if it is not one of these probes. */
export function decodeProbe(bytes: Uint8Array, frame: number): Probe | undefined {
  const at = frame + ETHERNET_HEADER_BYTES;
  if (readUint32(bytes, at) !== MAGIC || bytes[at + 4] !== VERSION) return undefined;
  const kind = (Object.keys(KINDS) as ProbeKind[]).find((name) => KINDS[name] === bytes[at + 5]);
  if (kind === undefined) return undefined;
  return {
    kind,
    session: readUint32(bytes, at + 8),
    sequence: readUint32(bytes, at + 12),
    microseconds: readUint32(bytes, at + 16),
    answers: readUint32(bytes, at + 20),
  };
}

/** Returns a frame with a payload of `size` bytes, at least {@link PROBE_BYTES}. */
export function encodeProbe(
  { kind, session, sequence, microseconds, answers }: Probe,
  { destination, source, size }: { destination: number; source: number; size: number },
): Uint8Array {
  const bytes = new Uint8Array(ETHERNET_HEADER_BYTES + Math.max(size, PROBE_BYTES));
  encodeEthernet(bytes, 0, { destination, source, tags: [], etherType: ETHERTYPE_PROBE });
  const at = ETHERNET_HEADER_BYTES;
  writeUint32(bytes, at, MAGIC);
  writeUint16(bytes, at + 4, (VERSION << 8) | KINDS[kind]);
  writeUint32(bytes, at + 8, session);
  writeUint32(bytes, at + 12, sequence);
  writeUint32(bytes, at + 16, microseconds);
  writeUint32(bytes, at + 20, answers);
  return bytes;
}
