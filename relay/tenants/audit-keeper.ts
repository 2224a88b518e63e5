import type { Store } from "../store/store.ts";
import type { AuditLogRecord, Keep, NumberedEntry } from "../store/tables/audit-table.ts";
import type { Limits } from "./limits.ts";

/** Entries removed, and logs examined, per step: a step takes a few milliseconds. */
const SLICE_ENTRIES = 100;
const SLICE_LOGS = 8;

const DAY_SECONDS = 86_400;

/** The time and the number of entries that the audit log keeps. */
export interface AuditRetention {
  /** Days for which entries are kept. */
  readonly days: number;
  /** Number of entries kept about the relay as a whole, and of each deleted tenant. */
  readonly entries: number;
}

export interface AuditKeeperOptions extends AuditRetention {
  readonly store: Store;
  readonly limits: Limits;
  /** Seconds since 1970. */
  readonly now: () => number;
  /** Called with each entry before it is removed. */
  readonly exported: (entry: NumberedEntry) => void;
}

/**
 * Bounds the audit log in time and size: each tenant's by its own limit, so that one tenant's entries never push out
 * another's.
 */
export class AuditKeeper {
  readonly #options: AuditKeeperOptions;
  /** The log examined last. */
  #at = 0;

  constructor(options: AuditKeeperOptions) {
    this.#options = options;
  }

  /**
   * Removes a few of the entries that are too old or too many. Call it about once a second. Never throws.
   *
   * @returns whether there is more to remove now
   */
  step(): boolean {
    const { health } = this.#options.store;
    // Otherwise the same entries would be exported again and again.
    if (health.failure !== undefined) return false;
    return health.attempt("trim the audit log", () => this.#step()) ?? false;
  }

  #step(): boolean {
    const { audit } = this.#options.store;
    const inTurn = audit.logs(this.#at, SLICE_LOGS);
    this.#at = inTurn.at(-1)?.id ?? 0;
    let room = SLICE_ENTRIES;
    for (const log of [...audit.takeGrown(SLICE_LOGS), ...inTurn]) {
      if (room > 0) room -= this.#trim(log, room);
      else audit.visitAgain(log.id);
    }
    return room === 0;
  }

  /**
   * Removes entries of a log.
   *
   * @returns the number of entries removed
   */
  #trim(log: AuditLogRecord, most: number): number {
    const { store, exported } = this.#options;
    const keep = this.#keep(log);
    const surplus = store.audit.surplus(log.id, keep, most);
    if (surplus.length === 0) return 0;
    for (const entry of surplus) exported(entry);
    store.transaction(() => {
      store.audit.remove(log.id, surplus.at(-1)?.number ?? 0);
      if (!this.#isLive(log)) store.audit.forget(log);
    });
    if (surplus.length === most) store.audit.visitAgain(log.id);
    return surplus.length;
  }

  #keep(log: AuditLogRecord): Keep {
    const { limits, now, days, entries } = this.#options;
    const since = now() - days * DAY_SECONDS;
    if (log.tenant === undefined || !this.#isLive(log)) return { entries, since };
    return { entries: limits.value(log.tenant, "audit_entries", {}) ?? Number.POSITIVE_INFINITY, since };
  }

  /** Returns whether entries are still appended to a log: its tenant exists, or it is the relay's. */
  #isLive(log: AuditLogRecord): boolean {
    const { store } = this.#options;
    return store.audit.isCurrent(log) && (log.tenant === undefined || store.hasTenant(log.tenant));
  }
}
