import { networkInterfaces } from "node:os";

/** How old what is known may be, in milliseconds. */
const FRESH_MS = 500;

let known: ReturnType<typeof networkInterfaces> = {};
let readAt = Number.NEGATIVE_INFINITY;

/**
 * Returns this machine's interfaces as they were half a second ago at most. Many networks look at the same time, and the
 * system reads all interfaces for each that asks.
 */
export function recentInterfaces(): ReturnType<typeof networkInterfaces> {
  const now = performance.now();
  if (now - readAt >= FRESH_MS) {
    known = networkInterfaces();
    readAt = now;
  }
  return known;
}
