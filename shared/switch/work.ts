/**
 * Counts what switching costs, so that tenants can share the event loop by it (relay/hub/load/turns.ts). The unit is about
 * what it takes to hand one small frame to one port: a third of a microsecond on the machine that docs/performance.md
 * names. The prices are rough on purpose: they have to be right within a factor of two, and cost nothing to add up.
 */
export class Work {
  /** Units done since this was set to 0. */
  done = 0;
  /** Units after which a reader of messages stops, to go on later. */
  limit = Number.POSITIVE_INFINITY;

  /** Whether it is another tenant's turn. */
  get isOver(): boolean {
    return this.done >= this.limit;
  }
}

/** Reading a record and looking up where it goes. */
export const RECORD_WORK = 1;

/** Having a policy decide about a frame. */
export const POLICY_WORK = 6;

/** Writing what was gathered for one port: mostly a system call. */
export const FLUSH_WORK = 20;

/** Handing a frame of so many bytes to one port, where its bytes are copied at least once. */
export function emitWork(bytes: number): number {
  return 1 + (bytes >>> 12);
}
