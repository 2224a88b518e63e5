/**
 * Times as IGMPv3 (RFC 3376 §4.1.1) and MLDv2 (RFC 3810 §5.1.3) encode them: small ones as integers, greater ones as a
 * floating-point number with three bits of exponent.
 *
 * ```
 *  +-+-+-+-+-+-+-+-+
 *  |1| exp |  mant |    8 bits, 4 of them mantissa; MLDv2's response code has 16 bits, 12 of them mantissa
 *  +-+-+-+-+-+-+-+-+
 *  value = (mant | 1 << mantissa bits) << (exp + 3)
 * ```
 */
import { isField } from "../bytes.ts";

const EXPONENT_BITS = 3;
const MAX_EXPONENT = 7;

/** Returns the longest time that a code with so many bits of mantissa can express. */
export function maxTimeCode(mantissaBits: number): number {
  return (2 ** (mantissaBits + 1) - 1) << (MAX_EXPONENT + EXPONENT_BITS);
}

/** Returns the time of a code, in the code's unit. */
export function decodeTimeCode(code: number, mantissaBits: number): number {
  if (code < smallest(mantissaBits)) return code;
  const mantissa = code & (2 ** mantissaBits - 1);
  const exponent = (code >>> mantissaBits) & MAX_EXPONENT;
  return (mantissa | (2 ** mantissaBits)) << (exponent + EXPONENT_BITS);
}

/**
 * Returns the code of the longest time up to `value`; undefined if `value` is no integer or over {@link maxTimeCode}.
 */
export function encodeTimeCode(value: number, mantissaBits: number): number | undefined {
  if (!isField(value, maxTimeCode(mantissaBits))) return undefined;
  if (value < smallest(mantissaBits)) return value;
  const exponent = 31 - Math.clz32(value) - mantissaBits - EXPONENT_BITS;
  const mantissa = (value >>> (exponent + EXPONENT_BITS)) & (2 ** mantissaBits - 1);
  return smallest(mantissaBits) | (exponent << mantissaBits) | mantissa;
}

/** Returns the least time that is encoded as a floating-point number: the code's highest bit. */
function smallest(mantissaBits: number): number {
  return 2 ** (mantissaBits + EXPONENT_BITS);
}
