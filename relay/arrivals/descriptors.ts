import { closeSync, openSync, readFileSync } from "node:fs";

/** Taken where the system does not say: below what it allows on every system that Node runs on. */
const UNKNOWN_LIMIT = 8_192;

/** Returns how many descriptors this process may have open. Node raises its soft limit to the hard one as it starts. */
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
 * Returns whether the process or the machine has no descriptor left, by asking for one. The runtime does not tell: it
 * accepts what it has no descriptor for and closes it again.
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
