import { BlockPool } from "../shared/tunnel/block-pool.ts";

/**
 * Whether frame memory detects use after release (shared/tunnel/hostile-memory.ts). LANEWAY_HOSTILE_MEMORY=1 turns it
 * on, as the tests do; it multiplies the processor time by several times.
 */
export const HOSTILE_MEMORY = process.env["LANEWAY_HOSTILE_MEMORY"] === "1";

/** Creates a block pool with this process's settings. */
export function blockPool(): BlockPool {
  return new BlockPool({ hostile: HOSTILE_MEMORY });
}
