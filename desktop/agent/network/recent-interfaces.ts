import { networkInterfaces } from "node:os";

/** Maximum age of the cached interfaces, in milliseconds. */
const FRESH_MS = 500;

let known: ReturnType<typeof networkInterfaces> = {};
let readAt = Number.NEGATIVE_INFINITY;

/**
 * Returns this machine's interfaces, at most half a second old. Many networks look at the same time, and each read
 * makes the system list all interfaces.
 */
export function recentInterfaces(): ReturnType<typeof networkInterfaces> {
  const now = performance.now();
  if (now - readAt >= FRESH_MS) {
    known = networkInterfaces();
    readAt = now;
  }
  return known;
}
