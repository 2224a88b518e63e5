import type { Actor, AuditEntry } from "./model.ts";
import type { Store } from "./store.ts";

/** Entries that are shown at most: a page that a person still reads. */
const SHOWN = 10_000;

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

  /** Of a tenant, or of the whole relay; the oldest first. @param since seconds before now */
  entries(tenant: string | undefined, since = Number.POSITIVE_INFINITY): AuditEntry[] {
    const from = Math.max(0, this.#now() - since);
    return tenant === undefined
      ? this.#store.audit.all(from, SHOWN)
      : this.#store.audit.of(tenant, from, SHOWN);
  }
}
