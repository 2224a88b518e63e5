import type { AuditQuery, NumberedEntry } from "./audit-table.ts";
import type { Actor } from "./model.ts";
import type { Store } from "./store.ts";

/** Which entries. */
export interface AuditRequest extends Omit<AuditQuery, "since"> {
  /** Seconds before now; everything where it is absent. */
  readonly since?: number | undefined;
}

/** What is written down of a change. Nothing secret goes in here: objects are named by id or name. */
export interface Change {
  /** Absent where it is about the relay as a whole. */
  readonly tenant: string | undefined;
  readonly by: Actor;
  /** `<noun>.<verb>`. */
  readonly action: string;
  /** The id or name of what is changed. */
  readonly object: string;
}

/** Who did what, when and from where. */
export class AuditLog {
  readonly #store: Store;
  readonly #now: () => number;

  /** @param now seconds since 1970 */
  constructor(store: Store, now: () => number) {
    this.#store = store;
    this.#now = now;
  }

  /** Does `work` and writes down that it was done: both, or where either throws, neither. */
  change<Result>(change: Change, work: () => Result): Result {
    return this.#store.transaction(() => {
      const result = work();
      this.note(change);
      return result;
    });
  }

  note({ tenant, by, action, object }: Change): void {
    this.#store.audit.append({ at: this.#now(), tenant, actor: by.name, action, object, from: by.from });
  }

  /** Of a tenant, or of the whole relay; the oldest first, unless it is asked otherwise. */
  entries({ tenant, since = Number.POSITIVE_INFINITY, newest, ...part }: AuditRequest): NumberedEntry[] {
    const from = Math.max(0, this.#now() - since);
    return this.#store.audit.entries({ tenant, since: from, newest, ...part });
  }
}
