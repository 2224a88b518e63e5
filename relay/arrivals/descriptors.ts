import { closeSync, openSync, readFileSync } from "node:fs";

/** Fallback if the system does not report its limit: below the default of every system that Node runs on. */
const UNKNOWN_LIMIT = 8_192;

/**
 * Returns the maximum number of open descriptors of this process. Node raises its soft limit to the hard one at start.
 */
export function descriptorLimit(): number {
  try {
    const [, limit] =
      /^Max open files\s+(\d+|unlimited)/m.exec(readFileSync("/proc/self/limits", "utf8")) ?? [];
    if (limit === "unlimited") return Number.MAX_SAFE_INTEGER;
    return limit === undefined ? UNKNOWN_LIMIT : Number(limit);
  } catch {
    return UNKNOWN_LIMIT;
  }
}

/**
 * Returns whether the process or the machine has no free descriptor, by opening one. The runtime does not report it: it
 * accepts the connection and closes it again.
 */
export function areDescriptorsExhausted(): boolean {
  try {
    closeSync(openSync("/dev/null", "r"));
    return false;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === "EMFILE" || code === "ENFILE";
  }
}
