/** Random secrets and their hashes, by Web Crypto, which every runtime has. */

/** Returns 32 random bytes, base64url without padding: 256 bits, so storing a plain hash is safe. */
export function newSecret(): string {
  return base64url(crypto.getRandomValues(new Uint8Array(32)));
}

/** Returns a short random id for an object: not a secret. */
export function newId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");
}

/** Returns the SHA-256 of a secret's UTF-8 bytes, hexadecimal. Secrets are stored and compared only in this form. */
export async function hashSecret(secret: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(secret));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Returns the same hash in base64url, as signed texts contain it (docs/protocol.md). */
export function hexToBase64url(hex: string): string {
  return base64url(Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16)));
}

export function base64url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}

/** Returns a uniformly random integer from 0 to below `end`, which is at most 2^32. */
export function randomBelow(end: number): number {
  const whole = Math.floor(2 ** 32 / end) * end;
  for (;;) {
    const [value = 0] = crypto.getRandomValues(new Uint32Array(1));
    if (value < whole) return value % end;
  }
}
