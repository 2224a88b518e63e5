/**
 * Decodes base64url without padding (RFC 4648 section 5).
 *
 * @returns undefined for anything else, including unused bits that are set
 */
export function fromBase64url(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (!/^[A-Za-z0-9_-]*$/.test(text) || text.length % 4 === 1) return undefined;
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  // Encodes the result again and compares, so that the same bytes have only one text.
  const again = btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  return again === text ? Uint8Array.from(binary, (character) => character.charCodeAt(0)) : undefined;
}
