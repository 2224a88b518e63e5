/**
 * Writes pcapng, the capture file of Wireshark and tshark (draft-ietf-opsawg-pcapng): little-endian, Ethernet.
 *
 * ```
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +---------------------------------------------------------------+
 * |                           block type                          |
 * +---------------------------------------------------------------+
 * |            total length, a multiple of 4: all of it           |
 * +---------------------------------------------------------------+
 * |       body: fixed fields, then options of 16 bits of code     |
 * |        and 16 bits of length, each padded to 32 bits          |
 * +---------------------------------------------------------------+
 * |                      total length, again                      |
 * +---------------------------------------------------------------+
 * ```
 *
 * Frames are written in place and without an allocation for each; the other blocks are rare and made one by one.
 */
import { plainText } from "../values/plain-text.ts";

/** Block types (draft-ietf-opsawg-pcapng section 11.1). */
export const SECTION_HEADER = 0x0a0d_0d0a;
export const INTERFACE_DESCRIPTION = 1;
export const NAME_RESOLUTION = 4;
export const INTERFACE_STATISTICS = 5;
export const ENHANCED_PACKET = 6;

/** Bytes around every block's body: type, total length, and the total length again. */
export const BLOCK_BYTES = 12;

/** Maximum bytes kept of a frame: more than any frame has, and Wireshark's value for "all of it". */
export const SNAPLEN = 262_144;

/** Maximum bytes of a name or comment, so that text from outside cannot fill the file. */
export const TEXT_BYTES = 512;

const BYTE_ORDER = 0x1a2b_3c4d;
const LINKTYPE_ETHERNET = 1;
const TWO_TO_16 = 2 ** 16;
const TWO_TO_32 = 2 ** 32;
const NANOSECONDS_PER_MS = 1_000_000;
/** As a negative power of ten. */
const NANOSECONDS = 9;

const END_OF_OPTIONS = 0;
const COMMENT = 1;
const SECTION_APPLICATION = 4;
const INTERFACE_NAME = 2;
const INTERFACE_TEXT = 3;
const INTERFACE_RESOLUTION = 9;
export const PACKET_FLAGS = 2;
export const PACKET_LOST = 4;
const STATISTICS_START = 2;
const STATISTICS_END = 3;
const STATISTICS_RECEIVED = 4;
export const STATISTICS_LOST = 5;

/** Direction in which a frame passed an interface, as in the low bits of its flags. */
export type Direction = "inbound" | "outbound";
const INBOUND = 1;
const OUTBOUND = 2;

/** Offset of the frame in an Enhanced Packet Block. */
export const PACKET_HEADER_BYTES = 28;

/** Returns a Section Header Block, which begins a file. */
export function sectionHeader(comment: string): Uint8Array {
  // The section's length is unknown: -1.
  return encodeBlock(
    SECTION_HEADER,
    [BYTE_ORDER, 1, 0xffff_ffff, 0xffff_ffff],
    [textOption(COMMENT, comment), textOption(SECTION_APPLICATION, "laneway")],
  );
}

/** Returns an Interface Description Block. Their order numbers the interfaces from 0. */
export function interfaceDescription(name: string, description: string): Uint8Array {
  return encodeBlock(
    INTERFACE_DESCRIPTION,
    [LINKTYPE_ETHERNET, SNAPLEN],
    [
      textOption(INTERFACE_NAME, name),
      textOption(INTERFACE_TEXT, description),
      { code: INTERFACE_RESOLUTION, value: Uint8Array.of(NANOSECONDS) },
    ],
  );
}

/** Content of an Interface Statistics Block; times are milliseconds since 1970. */
export interface InterfaceStatistics {
  readonly interfaceId: number;
  readonly startedAt: number;
  readonly endedAt: number;
  /** Number of frames that the interface had for the capture. */
  readonly received: number;
  /** Number of these that the capture could not keep. */
  readonly lost: number;
}

/** Returns an Interface Statistics Block. */
export function interfaceStatistics(statistics: InterfaceStatistics): Uint8Array {
  const { interfaceId, startedAt, endedAt, received, lost } = statistics;
  return encodeBlock(
    INTERFACE_STATISTICS,
    [interfaceId, timeHigh(endedAt), timeLow(endedAt)],
    [
      { code: STATISTICS_START, value: words(timeHigh(startedAt), timeLow(startedAt)) },
      { code: STATISTICS_END, value: words(timeHigh(endedAt), timeLow(endedAt)) },
      { code: STATISTICS_RECEIVED, value: uint64(received) },
      { code: STATISTICS_LOST, value: uint64(lost) },
    ],
  );
}

/** Returns a Name Resolution Block without names, which only shows that the capture goes on. */
export function emptyBlock(): Uint8Array {
  return encodeBlock(NAME_RESOLUTION, [0], []);
}

/** Metadata of a frame. */
export interface PacketNote {
  readonly interfaceId: number;
  /** Milliseconds since 1970, with any fraction. */
  readonly at: number;
  readonly direction: Direction;
  /** Encoded by {@link encodeText}. */
  readonly comment?: Uint8Array | undefined;
  /** Number of frames lost since the previous one of this interface. */
  readonly lost?: number;
}

/** Returns the size in bytes of the Enhanced Packet Block for a frame of `size` bytes. */
export function packetBytes(size: number, { comment, lost = 0 }: PacketNote): number {
  const kept = Math.min(size, SNAPLEN);
  return (
    PACKET_HEADER_BYTES +
    padded(kept) +
    FLAGS_BYTES +
    (lost > 0 ? LOST_BYTES : 0) +
    (comment === undefined ? 0 : OPTION_BYTES + padded(comment.length)) +
    OPTION_BYTES +
    TRAILER_BYTES
  );
}

/**
 * Writes the frame `bytes[frame, end)` as an Enhanced Packet Block at `at`, where {@link packetBytes} must fit.
 *
 * @returns the offset behind it
 * @throws RangeError if it does not fit
 */
export function writePacket(
  into: Uint8Array,
  at: number,
  note: PacketNote,
  bytes: Uint8Array,
  frame: number,
  end: number,
): number {
  const size = end - frame;
  const kept = Math.min(size, SNAPLEN);
  const total = packetBytes(size, note);
  if (at + total > into.length) {
    throw new RangeError(`${total} bytes at offset ${at} do not fit a buffer of ${into.length}`);
  }
  write32(into, at, ENHANCED_PACKET);
  write32(into, at + 4, total);
  write32(into, at + 8, note.interfaceId);
  write32(into, at + 12, timeHigh(note.at));
  write32(into, at + 16, timeLow(note.at));
  write32(into, at + 20, kept);
  write32(into, at + 24, size);
  into.set(bytes.subarray(frame, frame + kept), at + PACKET_HEADER_BYTES);
  let offset = pad(into, at + PACKET_HEADER_BYTES, kept);
  offset = writeOption(into, offset, PACKET_FLAGS, 4);
  offset = write32(into, offset, note.direction === "inbound" ? INBOUND : OUTBOUND);
  const { comment, lost = 0 } = note;
  if (lost > 0) {
    offset = writeOption(into, offset, PACKET_LOST, 8);
    offset = write32(into, write32(into, offset, lost), Math.floor(lost / TWO_TO_32));
  }
  if (comment !== undefined) {
    offset = writeOption(into, offset, COMMENT, comment.length);
    into.set(comment, offset);
    offset = pad(into, offset, comment.length);
  }
  offset = writeOption(into, offset, END_OF_OPTIONS, 0);
  return write32(into, offset, total);
}

const OPTION_BYTES = 4;
const FLAGS_BYTES = OPTION_BYTES + 4;
const LOST_BYTES = OPTION_BYTES + 8;
const TRAILER_BYTES = 4;

/** Encodes a text for an option: UTF-8 on one line, at most {@link TEXT_BYTES}. */
export function encodeText(text: string): Uint8Array {
  const value = new Uint8Array(TEXT_BYTES);
  const { written } = encoder.encodeInto(plainText(text), value);
  return value.subarray(0, written);
}

const encoder = new TextEncoder();

interface Option {
  readonly code: number;
  readonly value: Uint8Array;
}

function textOption(code: number, text: string): Option {
  return { code, value: encodeText(text) };
}

/** Returns a block of 32-bit fields and options. */
function encodeBlock(type: number, fields: readonly number[], options: readonly Option[]): Uint8Array {
  const optionBytes = options.reduce((sum, { value }) => sum + OPTION_BYTES + padded(value.length), 0);
  const total = BLOCK_BYTES + 4 * fields.length + optionBytes + (options.length > 0 ? OPTION_BYTES : 0);
  const block = new Uint8Array(total);
  let offset = write32(block, write32(block, 0, type), total);
  for (const field of fields) offset = write32(block, offset, field);
  for (const { code, value } of options) {
    offset = writeOption(block, offset, code, value.length);
    block.set(value, offset);
    offset = pad(block, offset, value.length);
  }
  if (options.length > 0) offset = writeOption(block, offset, END_OF_OPTIONS, 0);
  write32(block, offset, total);
  return block;
}

function writeOption(into: Uint8Array, at: number, code: number, length: number): number {
  return write32(into, at, code | (length << 16));
}

/** Writes little-endian; @returns the offset behind it */
function write32(into: Uint8Array, at: number, value: number): number {
  into[at] = value;
  into[at + 1] = value >>> 8;
  into[at + 2] = value >>> 16;
  into[at + 3] = value >>> 24;
  return at + 4;
}

/** Clears the bytes that pad `length` bytes at `at` to 32 bits; @returns the offset behind them */
function pad(into: Uint8Array, at: number, length: number): number {
  const end = at + padded(length);
  into.fill(0, at + length, end);
  return end;
}

function padded(length: number): number {
  return (length + 3) & ~3;
}

/** Returns the upper 32 bits of a time in nanoseconds, which has more bits than a double. */
function timeHigh(ms: number): number {
  return Math.floor(upperPart(ms) / TWO_TO_16) + Math.floor(lowerPart(ms) / TWO_TO_32);
}

function timeLow(ms: number): number {
  return lowerPart(ms) % TWO_TO_32;
}

/** Returns the nanoseconds of the milliseconds' bits from 16 up, in units of 2^16. */
function upperPart(ms: number): number {
  return Math.floor(ms / TWO_TO_16) * NANOSECONDS_PER_MS;
}

/** Returns the lowest 16 bits of {@link upperPart}'s rest, plus the milliseconds' own lowest 16 bits. */
function lowerPart(ms: number): number {
  const own = Math.round((ms % TWO_TO_16) * NANOSECONDS_PER_MS);
  return (upperPart(ms) % TWO_TO_16) * TWO_TO_16 + own;
}

function words(first: number, second: number): Uint8Array {
  const value = new Uint8Array(8);
  write32(value, write32(value, 0, first), second);
  return value;
}

function uint64(value: number): Uint8Array {
  return words(value % TWO_TO_32, Math.floor(value / TWO_TO_32));
}
