import { hashSecret, newId, newSecret } from "../crypto/secret.ts";
import { unknown } from "../model/faults.ts";
import type { Actor, Invite } from "../model/model.ts";
import type { Part, TimeKey } from "../model/part.ts";
import type { Store } from "../store/store.ts";
import type { AuditLog } from "./audit-log.ts";
import { demandTenant } from "./demand-tenant.ts";
import type { Devices } from "./devices.ts";
import type { Limits } from "./limits.ts";

/** Default validity of an invite in seconds, because links stay in mailboxes for years. */
const INVITE_SECONDS = 7 * 86_400;

/** Maximum number of a tenant's used-up invites that are kept, so that their users get an explanation. */
const KEPT = 10_000;

export interface InviteRequest {
  readonly network: string;
  /** Maximum number of devices that it admits; 1 by default. */
  readonly uses?: number | undefined;
  /** Maximum number of MAC addresses of each device that it admits; the limits decide by default. */
  readonly macs?: number | undefined;
  /** Seconds from now. */
  readonly expiresIn?: number | undefined;
}

export interface InvitesOptions {
  readonly store: Store;
  readonly audit: AuditLog;
  readonly limits: Limits;
  readonly devices: Devices;
  /** Seconds since 1970. */
  readonly now: () => number;
}

/** Invites, which admit devices that the relay does not know yet. */
export class Invites {
  readonly #options: InvitesOptions;

  constructor(options: InvitesOptions) {
    this.#options = options;
  }

  /**
   * Creates an invite.
   *
   * @returns the invite and its secret, which is shown only once and not stored
   */
  async create(
    tenant: string,
    request: InviteRequest,
    by: Actor,
  ): Promise<{ readonly invite: Invite; readonly secret: string }> {
    const { store, audit, limits } = this.#options;
    const secret = newSecret();
    const hash = await hashSecret(secret);
    demandTenant(this.#options.store, tenant);
    const network = store.network(tenant, request.network);
    if (network === undefined) throw unknown("network", request.network);
    const now = this.#options.now();
    limits.demand(tenant, "invites", store.invites.countOutstanding(tenant, now));
    const invite: Invite = {
      id: newId(),
      tenant,
      network: network.name,
      networkId: network.id,
      uses: request.uses ?? 1,
      used: 0,
      macs: request.macs,
      createdAt: now,
      expiresAt: now + (request.expiresIn ?? INVITE_SECONDS),
      revokedAt: undefined,
    };
    audit.change({ tenant, by, action: "invite.create", object: invite.id }, () => {
      store.invites.create({ ...invite, hash });
      store.invites.trim(tenant, now, KEPT);
    });
    return { invite, secret };
  }

  /** Returns the invites that are not revoked, including used-up and expired ones. */
  of(tenant: string, part?: Part<TimeKey>): Invite[] {
    demandTenant(this.#options.store, tenant);
    return this.#options.store.invites.of(tenant, part);
  }

  /**
   * Revokes an invite, and the devices that enrolled by it.
   *
   * @param keepDevices whether those devices stay
   */
  revoke(tenant: string, id: string, keepDevices: boolean, by: Actor): void {
    const { store, audit, devices, now } = this.#options;
    demandTenant(this.#options.store, tenant);
    const shutOut = store.transaction(() => {
      audit.change({ tenant, by, action: "invite.revoke", object: id }, () => {
        if (!store.invites.revoke(tenant, id, now())) throw unknown("invite", id);
      });
      const theirs = keepDevices ? [] : store.invites.devicesBy(id);
      for (const device of theirs) devices.remove(tenant, device, by);
      return theirs;
    });
    for (const device of shutOut) devices.end(device);
  }
}
