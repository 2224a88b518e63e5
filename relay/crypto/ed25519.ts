/** Ed25519 (RFC 8032) by Web Crypto, plus the checks that Web Crypto leaves open: which public keys are invalid. */
import { fromBase64url } from "./base64url.ts";

/** The field's prime, 2^255 - 19: larger y-coordinates are not canonical. */
const PRIME = 2n ** 255n - 19n;

/** The y-coordinate of two of the four points of order 8; its negative is that of the other two. */
const EIGHTH = 0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n;

/**
 * The y-coordinates of the eight points of small order. With such a key a signature exists that fits any message, and
 * some runtimes accept it. Order 1 and 2: 1 and -1; order 4: 0; order 8: the last two, each with either sign of x.
 */
const SMALL_ORDER: ReadonlySet<bigint> = new Set([0n, 1n, PRIME - 1n, EIGHTH, PRIME - EIGHTH]);

/**
 * Parses a public key: 32 bytes, base64url without padding.
 *
 * @returns undefined if it is not a key, is not in canonical form (RFC 8032 section 5.1.3), or is a point of small
 *   order in any form
 */
export function parsePublicKey(text: string): Uint8Array<ArrayBuffer> | undefined {
  const bytes = fromBase64url(text);
  if (bytes?.length !== 32) return undefined;
  let y = 0n;
  for (const byte of bytes.toReversed()) y = (y << 8n) | BigInt(byte);
  // The highest bit is the sign of x.
  y = BigInt.asUintN(255, y);
  return y >= PRIME || SMALL_ORDER.has(y) ? undefined : bytes;
}

/**
 * Returns whether the signature is valid for the key and the UTF-8 bytes of `message`.
 *
 * @param key as {@link parsePublicKey} reads it
 * @param signature base64url without padding
 */
export async function verify(key: string, message: string, signature: string): Promise<boolean> {
  const bytes = parsePublicKey(key);
  const signed = fromBase64url(signature);
  if (bytes === undefined || signed?.length !== 64) return false;
  try {
    const imported = await crypto.subtle.importKey("raw", bytes, "Ed25519", false, ["verify"]);
    return await crypto.subtle.verify("Ed25519", imported, signed, new TextEncoder().encode(message));
  } catch {
    // Some runtimes check on import that the key is a point on the curve.
    return false;
  }
}
