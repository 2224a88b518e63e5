/**
 * Detects violations of ownership (./block.ts), for tests. It overwrites free memory, so a late reader gets this
 * pattern instead of another tenant's frames, and a late write is detected.
 */
import type { Block } from "./block.ts";

/** The value of every byte of free memory. */
const PATTERN = 0xdb;
const PATTERN_WORD = 0xdbdb_dbdb;

/** Overwrites a block that has become free. */
export function poison({ bytes }: Block): void {
  bytes.fill(PATTERN);
}

/** Checks the pattern. @throws Error if a block was written to while it was free */
export function demandPoison({ bytes }: Block): void {
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length >>> 2);
  let changed = 0;
  // Not `every`, which takes ten times as long.
  for (let i = 0; i < words.length; i++) changed |= (words[i] as number) ^ PATTERN_WORD;
  for (let i = words.length * 4; i < bytes.length; i++) changed |= (bytes[i] as number) ^ PATTERN;
  if (changed !== 0) throw new Error(`a block of ${bytes.length} bytes was written to after its release`);
}

/** Detects blocks that the garbage collector collects before they are released. */
export class LeakWatch {
  readonly #registry: FinalizationRegistry<string>;

  /**
   * Creates a watch.
   *
   * @param leaked receives the stack trace of the call that took the leaked block
   */
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

/**
 * Returns the caller's stack as text, because an Error would keep alive the objects of its methods, including the
 * leaked block.
 */
function plainStack(): string {
  const prepare: unknown = Reflect.get(Error, "prepareStackTrace");
  // A test runner's version looks every line up in source maps, which takes longer than most tests.
  Reflect.set(Error, "prepareStackTrace", undefined);
  try {
    return new Error("taken here").stack ?? "";
  } finally {
    Reflect.set(Error, "prepareStackTrace", prepare);
  }
}
