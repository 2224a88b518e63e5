import { createRequire } from "node:module";

/** Writes `source` XOR the masking key, over and over, to `output` at `offset` (RFC 6455 section 5.3). */
export type Mask = (
  source: Uint8Array,
  key: Uint8Array,
  output: Uint8Array,
  offset: number,
  length: number,
) => void;

export const mask: Mask = load() ?? plainMask;

/** An optional dependency without types of its own, twenty times as fast as what JavaScript can do. */
function load(): Mask | undefined {
  try {
    return (createRequire(import.meta.url)("bufferutil") as { readonly mask: Mask }).mask;
  } catch {
    return undefined;
  }
}

/** The same in JavaScript. */
export function plainMask(
  source: Uint8Array,
  key: Uint8Array,
  output: Uint8Array,
  offset: number,
  length: number,
): void {
  for (let i = 0; i < length; i++) output[offset + i] = (source[i] as number) ^ (key[i & 3] as number);
}
