/**
 * Counts the cost of switching, by which tenants share the event loop (relay/hub/load/turns.ts). The unit is about the
 * cost of handing one small frame to one port: a third of a microsecond on the machine of docs/performance.md. The prices
 * are rough on purpose: they must be right within a factor of two and cost nothing to add up.
 */
export class Work {
  /** Units done since this was set to 0. */
  done = 0;
  /** Units after which a reader of messages stops and continues later. */
  limit = Number.POSITIVE_INFINITY;

  /** Whether it is another tenant's turn. */
  get isOver(): boolean {
    return this.done >= this.limit;
  }
}

/** Cost of reading a record and looking up its destination. */
export const RECORD_WORK = 1;

/** Cost of a policy's decision about a frame. */
export const POLICY_WORK = 6;

/** Cost of a port's flush: mostly a system call. */
export const FLUSH_WORK = 20;

/** Returns the cost of handing a frame of so many bytes to one port, which copies them at least once. */
export function emitWork(bytes: number): number {
  return 1 + (bytes >>> 12);
}
