/**
 * Lengths of time as IGMPv3 (RFC 3376 §4.1.1) and MLDv2 (RFC 3810 §5.1.3) say them: as they are while they
 * are small, and from there on as a floating-point number with three bits of exponent.
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

/** The longest that a code with so many bits of mantissa can say. */
export function maxTimeCode(mantissaBits: number): number {
  return (2 ** (mantissaBits + 1) - 1) << (MAX_EXPONENT + EXPONENT_BITS);
}

/** What a code means, in whatever unit it counts. */
export function decodeTimeCode(code: number, mantissaBits: number): number {
  if (code < smallest(mantissaBits)) return code;
  const mantissa = code & (2 ** mantissaBits - 1);
  const exponent = (code >>> mantissaBits) & MAX_EXPONENT;
  return (mantissa | (2 ** mantissaBits)) << (exponent + EXPONENT_BITS);
}

/**
 * The code of the longest time that is no longer than `value`; undefined for one that is no integer or over
 * {@link maxTimeCode}.
 */
export function encodeTimeCode(value: number, mantissaBits: number): number | undefined {
  if (!isField(value, maxTimeCode(mantissaBits))) return undefined;
  if (value < smallest(mantissaBits)) return value;
  const exponent = 31 - Math.clz32(value) - mantissaBits - EXPONENT_BITS;
  const mantissa = (value >>> (exponent + EXPONENT_BITS)) & (2 ** mantissaBits - 1);
  return smallest(mantissaBits) | (exponent << mantissaBits) | mantissa;
}

/** The least that is said as a floating-point number: the code's highest bit. */
function smallest(mantissaBits: number): number {
  return 2 ** (mantissaBits + EXPONENT_BITS);
}
