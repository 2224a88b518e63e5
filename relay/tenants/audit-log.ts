import type { Actor, AuditEntry } from "../model/model.ts";
import type { Store } from "../store/store.ts";
import type { AuditQuery, NumberedEntry } from "../store/tables/audit-table.ts";

/** Entries that wait to be written: in all, and of one tenant. */
const WAITING = 1_000;
const WAITING_EACH = 20;

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

/** What waits of one tenant. */
interface Waiting {
  readonly entries: AuditEntry[];
  /** Number of entries for which there was no room. */
  more: number;
}

/** Who did what, when and from where. */
export class AuditLog {
  readonly #store: Store;
  readonly #now: () => number;
  readonly #waiting = new Map<string | undefined, Waiting>();
  #waits = 0;

  /** @param now seconds since 1970 */
  constructor(store: Store, now: () => number) {
    this.#store = store;
    this.#now = now;
  }

  /** Does `work` and writes down that it was done: both, or where either throws, neither. */
  change<Result>(change: Change, work: () => Result): Result {
    return this.#store.transaction(() => {
      const result = work();
      this.#store.audit.append(this.#entry(change));
      return result;
    });
  }

  /** Writes an entry through to the disk. */
  note(change: Change): void {
    this.#store.transaction(() => this.#store.audit.append(this.#entry(change)));
  }

  /**
   * Has an entry written with others by the next {@link flush}: on the way of frames, where nothing may wait for a disk or fail
   * with it. Of a tenant that has many waiting, the rest is counted; beyond {@link WAITING} in all, entries are left out.
   */
  noteLater(change: Change): void {
    const { tenant } = change;
    const waiting = this.#waiting.get(tenant) ?? { entries: [], more: 0 };
    if (waiting.entries.length >= WAITING_EACH || this.#waits >= WAITING) {
      waiting.more++;
      return;
    }
    waiting.entries.push(this.#entry(change));
    this.#waits++;
    this.#waiting.set(tenant, waiting);
  }

  /** Writes what waits, outside of a transaction. Where the store fails it goes on waiting; never throws. */
  flush(): void {
    if (this.#waits === 0) return;
    this.#store.health.attempt("write audit entries that wait", () => {
      this.#store.transaction(() => {
        for (const { entries, more } of this.#waiting.values()) {
          for (const entry of entries) this.#store.audit.append(entry);
          const last = entries.at(-1);
          if (more > 0 && last !== undefined) {
            this.#store.audit.append({ ...last, object: `and ${more} more` });
          }
        }
      });
      this.#waiting.clear();
      this.#waits = 0;
    });
  }

  /** Of a tenant, or of the whole relay; the oldest first, unless it is asked otherwise. */
  entries({ tenant, since = Number.POSITIVE_INFINITY, newest, ...part }: AuditRequest): NumberedEntry[] {
    this.flush();
    const from = Math.max(0, this.#now() - since);
    return this.#store.audit.entries({ tenant, since: from, newest, ...part });
  }

  #entry({ tenant, by, action, object }: Change): AuditEntry {
    return { at: this.#now(), tenant, actor: by.name, action, object, from: by.from };
  }
}
