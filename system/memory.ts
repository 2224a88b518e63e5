import { BlockPool } from "../shared/tunnel/block-pool.ts";

/**
 * Whether memory that frames lie in finds out who uses it after it was given back (shared/tunnel/hostile-memory.ts), by
 * LANEWAY_HOSTILE_MEMORY=1. The tests run so; it costs several times the processor's time.
 */
export const HOSTILE_MEMORY = process.env["LANEWAY_HOSTILE_MEMORY"] === "1";

/** Makes a pool as this process wants them. */
export function blockPool(): BlockPool {
  return new BlockPool({ hostile: HOSTILE_MEMORY });
}
