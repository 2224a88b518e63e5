/**
 * A frame's header (RFC 6455 section 5.2):
 *
 * ```
 *  0               1               2               …
 *  +-+-+-+-+-------+-+-------------+-------------------+----------------+---------
 *  |F|R|R|R| op-   |M| length      | if 126: 16 bits   | if M: masking  | payload
 *  |I|S|S|S| code  |A|  7 bits     | if 127: 64 bits   | key, 32 bits   |  …
 *  +-+-+-+-+-------+-+-------------+-------------------+----------------+---------
 * ```
 */
export const OPCODE_CONTINUATION = 0;
export const OPCODE_TEXT = 1;
export const OPCODE_BINARY = 2;
export const OPCODE_CLOSE = 8;
export const OPCODE_PING = 9;
export const OPCODE_PONG = 10;

export const FIN = 0x80;
export const RESERVED = 0x70;
export const OPCODE = 0x0f;
export const MASKED = 0x80;
export const LENGTH = 0x7f;

/** Length field values that announce the real length in the following 16 or 64 bits. */
export const LENGTH_16 = 126;
export const LENGTH_64 = 127;

export const MASK_BYTES = 4;
/** Length of the longest header in bytes. */
export const HEADER_BYTES = 2 + 8 + MASK_BYTES;
/** Maximum payload of a control frame in bytes (section 5.5). */
export const CONTROL_BYTES = 125;

/** Returns the header's length in bytes, without a mask, for a frame with `length` bytes of payload. */
export function headerLength(length: number): number {
  if (length < LENGTH_16) return 2;
  return length <= 0xffff ? 4 : 10;
}

/**
 * Writes the header of an unfragmented frame at the beginning of `header`, up to the position of a mask.
 *
 * @param mask {@link MASKED}, or 0
 * @param length bytes of payload, under 4 GiB
 * @returns the header's length in bytes
 */
export function writeHeader(header: Uint8Array, opcode: number, mask: number, length: number): number {
  header[0] = FIN | opcode;
  const size = headerLength(length);
  if (size === 2) {
    header[1] = mask | length;
    return size;
  }
  header[1] = mask | (size === 4 ? LENGTH_16 : LENGTH_64);
  if (size === 10) {
    header.fill(0, 2, 6);
    header[6] = length >>> 24;
    header[7] = length >>> 16;
  }
  header[size - 2] = length >>> 8;
  header[size - 1] = length;
  return size;
}

/** Close codes of the WebSocket itself (section 7.4.1). {@link NO_CODE} and {@link LOST} are never sent. */
export const PROTOCOL_ERROR = 1002;
export const NO_CODE = 1005;
export const LOST = 1006;
export const INVALID_TEXT = 1007;
export const TOO_BIG = 1009;
export const TRY_AGAIN_LATER = 1013;
