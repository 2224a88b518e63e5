/**
 * Makes mistakes of ownership (./block.ts) visible, for tests: what is free is written over, so that a late reader gets
 * this pattern instead of another tenant's frames, and a late writer is found out.
 */
import type { Block } from "./block.ts";

/** In every byte of free memory. */
const PATTERN = 0xdb;
const PATTERN_WORD = 0xdbdb_dbdb;

/** Writes over a block that has become free. */
export function poison({ bytes }: Block): void {
  bytes.fill(PATTERN);
}

/** @throws Error if a block was written to while it was free */
export function demandPoison({ bytes }: Block): void {
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length >>> 2);
  let changed = 0;
  // Not `every`, which takes ten times as long.
  for (let i = 0; i < words.length; i++) changed |= (words[i] as number) ^ PATTERN_WORD;
  for (let i = words.length * 4; i < bytes.length; i++) changed |= (bytes[i] as number) ^ PATTERN;
  if (changed !== 0) throw new Error(`a block of ${bytes.length} bytes was written to after its release`);
}

/** Watches for blocks that the garbage collector finds before they were released. */
export class LeakWatch {
  readonly #registry: FinalizationRegistry<string>;

  /** @param leaked called with where a block was taken that was never given back */
  constructor(leaked: (taken: string) => void) {
    this.#registry = new FinalizationRegistry(leaked);
  }

  taken(block: Block): void {
    this.#registry.register(block, plainStack(), block);
  }

  givenBack(block: Block): void {
    this.#registry.unregister(block);
  }
}

/** The caller's stack, as text: an Error would keep alive all that its methods belong to, the leaked block among them. */
function plainStack(): string {
  const prepare: unknown = Reflect.get(Error, "prepareStackTrace");
  // A test runner's looks every line up in source maps, which takes longer than most tests.
  Reflect.set(Error, "prepareStackTrace", undefined);
  try {
    return new Error("taken here").stack ?? "";
  } finally {
    Reflect.set(Error, "prepareStackTrace", prepare);
  }
}
