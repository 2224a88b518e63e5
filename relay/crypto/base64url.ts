/**
 * Reads base64url without padding (RFC 4648 section 5).
 *
 * @returns undefined for anything else, also where bits are set that stand for nothing
 */
export function fromBase64url(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (!/^[A-Za-z0-9_-]*$/.test(text) || text.length % 4 === 1) return undefined;
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  // What is read has to be written the same: one text for the same bytes.
  const again = btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  return again === text ? Uint8Array.from(binary, (character) => character.charCodeAt(0)) : undefined;
}
