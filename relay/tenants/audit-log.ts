import type { Actor, AuditEntry } from "../model/model.ts";
import type { Store } from "../store/store.ts";
import type { AuditFilter, NumberedEntry } from "../store/tables/audit-table.ts";

/** Maximum number of entries waiting to be written: in all, and of one tenant. */
const WAITING = 1_000;
const WAITING_EACH = 20;

/** Selection of entries. */
export interface AuditRequest extends Omit<AuditFilter, "since"> {
  /** Maximum age in seconds; all entries by default. */
  readonly since?: number | undefined;
}

/** The description of a change. It contains no secrets: objects are named by id or name. */
export interface AuditedChange {
  /** Absent if it concerns the relay as a whole. */
  readonly tenant: string | undefined;
  readonly by: Actor;
  /** `<noun>.<verb>`. */
  readonly action: string;
  /** The id or name of the changed object. */
  readonly object: string;
}

/** The waiting entries of one tenant. */
interface Waiting {
  readonly entries: AuditEntry[];
  /** Number of entries for which there was no room. */
  more: number;
}

/** Records each action with its caller, time and source address. */
export class AuditLog {
  readonly #store: Store;
  readonly #now: () => number;
  readonly #waiting = new Map<string | undefined, Waiting>();
  #waits = 0;

  /**
   * Creates a log.
   *
   * @param now seconds since 1970
   */
  constructor(store: Store, now: () => number) {
    this.#store = store;
    this.#now = now;
  }

  /** Does `work` and records it, in one transaction: if either throws, neither takes effect. */
  change<Result>(change: AuditedChange, work: () => Result): Result {
    return this.#store.transaction(() => {
      const result = work();
      this.#store.audit.append(this.#entry(change));
      return result;
    });
  }

  /** Writes an entry through to the disk. */
  note(change: AuditedChange): void {
    this.#store.transaction(() => this.#store.audit.append(this.#entry(change)));
  }

  /**
   * Queues an entry for the next {@link flush}. Used while frames are handled, which must neither wait for a disk nor
   * fail with it. If a tenant has many entries waiting, further ones are only counted; beyond {@link WAITING} in all,
   * they are left out.
   */
  noteLater(change: AuditedChange): void {
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

  /** Writes the waiting entries, outside of a transaction. Keeps them if the store fails; never throws. */
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

  /** Returns the entries of a tenant, or of the whole relay, by default the oldest first. */
  entries({ tenant, since = Number.POSITIVE_INFINITY, newest, ...part }: AuditRequest): NumberedEntry[] {
    this.flush();
    const from = Math.max(0, this.#now() - since);
    return this.#store.audit.entries({ tenant, since: from, newest, ...part });
  }

  #entry({ tenant, by, action, object }: AuditedChange): AuditEntry {
    return { at: this.#now(), tenant, actor: by.name, action, object, from: by.from, request: by.request };
  }
}
