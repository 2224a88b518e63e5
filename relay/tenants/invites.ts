import { hashSecret, newId, newSecret } from "../crypto/secret.ts";
import { unknown } from "../model/faults.ts";
import type { Actor, Invite } from "../model/model.ts";
import type { Part, TimeKey } from "../model/part.ts";
import type { Store } from "../store/store.ts";
import type { AuditLog } from "./audit-log.ts";
import { demandTenant } from "./demand-tenant.ts";
import type { Devices } from "./devices.ts";
import type { Limits } from "./limits.ts";

/** How long an invite is good for unless it is said, in seconds: links lie about in mailboxes for years. */
const INVITE_SECONDS = 7 * 86_400;

/** Invites of a tenant that let no device in any more, and are kept: whoever comes by one is told what is the matter. */
const KEPT = 10_000;

export interface InviteRequest {
  readonly network: string;
  /** How many devices it lets in; one unless it is said. */
  readonly uses?: number | undefined;
  /** Number of MAC addresses that each device it lets in may have; what the limits say unless it is said. */
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

/** Invites: what lets devices in that nobody knows yet. */
export class Invites {
  readonly #options: InvitesOptions;

  constructor(options: InvitesOptions) {
    this.#options = options;
  }

  /** @returns the invite and its secret, which is shown this once and kept nowhere */
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

  /** Those that were not revoked, also such as let nobody in any more. */
  of(tenant: string, part?: Part<TimeKey>): Invite[] {
    demandTenant(this.#options.store, tenant);
    return this.#options.store.invites.of(tenant, part);
  }

  /**
   * Has an invite let nobody in any more, and shuts out the devices that came by it.
   *
   * @param keepDevices whether those stay
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
