import { createRequire } from "node:module";

/** Writes `source` XOR the repeated masking key to `output` at `offset` (RFC 6455 section 5.3). */
export type Mask = (
  source: Uint8Array,
  key: Uint8Array,
  output: Uint8Array,
  offset: number,
  length: number,
) => void;

export const mask: Mask = load() ?? plainMask;

/** Loads an optional dependency that has no types and is twenty times as fast as JavaScript. */
function load(): Mask | undefined {
  try {
    return (createRequire(import.meta.url)("bufferutil") as { readonly mask: Mask }).mask;
  } catch {
    return undefined;
  }
}

/** Masks in plain JavaScript. */
export function plainMask(
  source: Uint8Array,
  key: Uint8Array,
  output: Uint8Array,
  offset: number,
  length: number,
): void {
  for (let i = 0; i < length; i++) output[offset + i] = (source[i] as number) ^ (key[i & 3] as number);
}
