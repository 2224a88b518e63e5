/**
 * Big-endian integers at an offset, without a DataView: one of those per buffer would be an allocation.
 *
 * The readers check nothing. Whoever calls them has asked {@link holds} first.
 */

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

/** Whether [start, end) lies inside `bytes` and has room for `needed` bytes. */
export function holds(bytes: Uint8Array, start: number, end: number, needed: number): boolean {
  return start >= 0 && end <= bytes.length && end - start >= needed;
}

/**
 * For encoders: throws a RangeError where `length` bytes at `offset` don't fit, which would lose them
 * silently.
 */
export function requireRoom(bytes: Uint8Array, offset: number, length: number): void {
  if (!(Number.isInteger(offset) && holds(bytes, offset, bytes.length, length))) {
    throw new RangeError(`${length} bytes at offset ${offset} do not fit a buffer of ${bytes.length}`);
  }
}

/** For encoders: throws a RangeError unless `value` is an integer from 0 to `max`. */
export function requireField(name: string, value: number, max: number): void {
  if (!(Number.isInteger(value) && value >= 0 && value <= max)) {
    throw new RangeError(`${name} ${value} is not an integer from 0 to ${max}`);
  }
}

/** For encoders: throws a RangeError unless `value` fits 128 bits, unsigned. */
export function requireUint128(name: string, value: bigint): void {
  if (value < 0n || value > MAX_UINT128) throw new RangeError(`${name} ${value} does not fit 128 bits`);
}
