/**
 * Big-endian integers at an offset, without a DataView, because a DataView per buffer would be an allocation.
 *
 * The readers check nothing: the caller calls {@link holds} first.
 *
 * Encoders do not throw. An encoder takes the offset that the last one returned, and returns the offset for the next one.
 * It returns undefined and writes nothing if a field is out of range or does not fit, or if the last encoder refused. So
 * the caller checks a packet once, at its end, and a number from a packet cannot end the process.
 */

/** The offset after what an encoder wrote, or undefined if it refused and wrote nothing. */
export type Written = number | undefined;

const MAX_UINT128 = (1n << 128n) - 1n;

/** Reads 16 bits. */
export function readUint16(bytes: Uint8Array, offset: number): number {
  return ((bytes[offset] ?? 0) << 8) | (bytes[offset + 1] ?? 0);
}

/** Reads 32 bits, unsigned. */
export function readUint32(bytes: Uint8Array, offset: number): number {
  return ((readUint16(bytes, offset) << 16) | readUint16(bytes, offset + 2)) >>> 0;
}

/** Reads 128 bits. Allocates a bigint: not for every frame. */
export function readUint128(bytes: Uint8Array, offset: number): bigint {
  return (
    (BigInt(readUint32(bytes, offset)) << 96n) |
    (BigInt(readUint32(bytes, offset + 4)) << 64n) |
    (BigInt(readUint32(bytes, offset + 8)) << 32n) |
    BigInt(readUint32(bytes, offset + 12))
  );
}

/** Writes the low 16 bits of `value`. */
export function writeUint16(bytes: Uint8Array, offset: number, value: number): void {
  bytes[offset] = value >>> 8;
  bytes[offset + 1] = value;
}

/** Writes the low 32 bits of `value`. */
export function writeUint32(bytes: Uint8Array, offset: number, value: number): void {
  writeUint16(bytes, offset, value >>> 16);
  writeUint16(bytes, offset + 2, value);
}

/** Writes the low 128 bits of `value`. */
export function writeUint128(bytes: Uint8Array, offset: number, value: bigint): void {
  for (let word = 0; word < 4; word++) {
    const shift = BigInt(96 - 32 * word);
    writeUint32(bytes, offset + 4 * word, Number((value >> shift) & 0xffff_ffffn));
  }
}

/** Returns whether [start, end) lies inside `bytes` and has room for `needed` bytes. */
export function holds(bytes: Uint8Array, start: number, end: number, needed: number): boolean {
  return start >= 0 && end <= bytes.length && end - start >= needed;
}

/** For encoders: returns whether the last encoder wrote, and `length` bytes fit at its end. */
export function hasRoom(bytes: Uint8Array, offset: Written, length: number): offset is number {
  return offset !== undefined && Number.isInteger(offset) && holds(bytes, offset, bytes.length, length);
}

/** For encoders: returns whether `value` is an integer from 0 to `max`. */
export function isField(value: number, max: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= max;
}

/** For encoders: returns whether `value` fits 128 bits, unsigned. */
export function isUint128(value: bigint): boolean {
  return value >= 0n && value <= MAX_UINT128;
}

/**
 * Returns the offset of an encoder whose fields come from the program, such as those of a port's header. Not for
 * numbers
 * from a packet, because it throws.
 *
 * @throws RangeError if the encoder refused
 */
export function written(offset: Written): number {
  if (offset === undefined) throw new RangeError("a field is out of range, or does not fit");
  return offset;
}

/** For formatters: throws a RangeError unless `value` is an integer from 0 to `max`, as all read from packets are. */
export function requireField(name: string, value: number, max: number): void {
  if (!isField(value, max)) throw new RangeError(`${name} ${value} is not an integer from 0 to ${max}`);
}

/** For formatters: throws a RangeError unless `value` fits 128 bits, unsigned, as all read from packets do. */
export function requireUint128(name: string, value: bigint): void {
  if (!isUint128(value)) throw new RangeError(`${name} ${value} does not fit 128 bits`);
}
