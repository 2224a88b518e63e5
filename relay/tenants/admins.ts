import { hashSecret, newId, newSecret } from "../crypto/secret.ts";
import { unknown } from "../model/faults.ts";
import type { Revocation } from "../model/grants.ts";
import type { Actor, Admin } from "../model/model.ts";
import type { Part, TimeKey } from "../model/part.ts";
import type { Store } from "../store/store.ts";
import type { AuditLog } from "./audit-log.ts";
import { demandTenant } from "./demand-tenant.ts";

export interface AdminRequest {
  readonly name?: string | undefined;
  /** Seconds from now. */
  readonly expiresIn?: number | undefined;
}

export interface AdminsOptions {
  readonly store: Store;
  readonly audit: AuditLog;
  /** Called when an administrator was revoked. */
  readonly revoked: (revocation: Revocation) => void;
  /** Seconds since 1970. */
  readonly now: () => number;
}

/** The administrators of single tenants. */
export class Admins {
  readonly #store: Store;
  readonly #audit: AuditLog;
  readonly #revoked: (revocation: Revocation) => void;
  readonly #now: () => number;

  constructor({ store, audit, revoked, now }: AdminsOptions) {
    this.#store = store;
    this.#audit = audit;
    this.#revoked = revoked;
    this.#now = now;
  }

  /**
   * Creates an administrator.
   *
   * @returns the administrator and the secret, which is shown only once and not stored
   */
  async create(
    tenant: string,
    request: AdminRequest,
    by: Actor,
  ): Promise<{ readonly admin: Admin; readonly secret: string }> {
    const secret = newSecret();
    const hash = await hashSecret(secret);
    demandTenant(this.#store, tenant);
    const now = this.#now();
    const admin: Admin = {
      id: newId(),
      tenant,
      name: request.name,
      createdAt: now,
      expiresAt: request.expiresIn === undefined ? undefined : now + request.expiresIn,
    };
    this.#audit.change({ tenant, by, action: "admin.create", object: admin.id }, () =>
      this.#store.admins.create({ ...admin, hash }),
    );
    return { admin, secret };
  }

  of(tenant: string, part?: Part<TimeKey>): Admin[] {
    demandTenant(this.#store, tenant);
    return this.#store.admins.of(tenant, part);
  }

  revoke(tenant: string, id: string, by: Actor): void {
    demandTenant(this.#store, tenant);
    this.#audit.change({ tenant, by, action: "admin.revoke", object: id }, () => {
      if (!this.#store.admins.delete(tenant, id)) throw unknown("admin", id);
    });
    this.#revoked({ kind: "admin", id });
  }

  /** Returns the administrator whose secret has this hash; undefined if it is wrong, revoked or expired. */
  authenticate(hash: string): Admin | undefined {
    const admin = this.#store.admins.byHash(hash);
    if (admin?.expiresAt !== undefined && admin.expiresAt <= this.#now()) return undefined;
    return admin;
  }
}
