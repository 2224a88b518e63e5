import { unknown } from "../model/faults.ts";
import type { Grant, Revocation } from "../model/grants.ts";
import type { Actor, Device } from "../model/model.ts";
import type { Part, TimeKey } from "../model/part.ts";
import type { Store } from "../store/store.ts";
import type { Addresses } from "./addresses.ts";
import type { AuditLog } from "./audit-log.ts";
import { demandTenant } from "./demand-tenant.ts";

export interface DevicesOptions {
  readonly store: Store;
  readonly audit: AuditLog;
  readonly addresses: Addresses;
  /** Called when a device was revoked. */
  readonly revoked: (revocation: Revocation) => void;
  /** Seconds since 1970. */
  readonly now: () => number;
}

/** The admitted devices. */
export class Devices {
  readonly #options: DevicesOptions;

  constructor(options: DevicesOptions) {
    this.#options = options;
  }

  of(tenant: string, part?: Part<TimeKey>): Device[] {
    const { store } = this.#options;
    demandTenant(store, tenant);
    return store.devices.of(tenant, part);
  }

  /** Returns the names of a device's networks. */
  networksOf(device: string): string[] {
    return this.#options.store.devices.networksOf(device);
  }

  /** Revokes a device: its addresses become free, and its key cannot enrol again by the invites that it used. */
  revoke(tenant: string, id: string, by: Actor): void {
    demandTenant(this.#options.store, tenant);
    this.remove(tenant, id, by);
    this.end(id);
  }

  /** Writes the part of {@link revoke} for the store. Call it in a transaction, and {@link end} after that. */
  remove(tenant: string, id: string, by: Actor): void {
    const { store, audit } = this.#options;
    audit.change({ tenant, by, action: "device.revoke", object: id }, () => {
      if (!store.devices.delete(tenant, id)) throw unknown("device", id);
    });
  }

  /** Ends the session of a removed device. */
  end(id: string): void {
    this.#options.revoked({ kind: "device", id });
  }

  /** Returns a device's public key. */
  keyOf(id: string): string | undefined {
    return this.#options.store.devices.byId(id)?.publicKey;
  }

  /** Returns what a device that has proved its key may do now; undefined if it was revoked. */
  grant(id: string): Grant | undefined {
    const { store, addresses } = this.#options;
    const known = store.devices.withMacs(id);
    if (known === undefined) return undefined;
    const { device, macs } = known;
    const networks = store.networksOfDevice(id);
    return {
      token: undefined,
      device: { id, name: device.name },
      tenant: device.tenant,
      networks,
      addresses: addresses.giveAll(networks, id),
      macs,
      // An invite decides which networks a device may join, not its roles.
      roles: new Set(),
      expiresAt: undefined,
    };
  }

  /** Notes the time at which these devices were last seen, in one transaction. */
  saw(ids: Iterable<string>): void {
    const { store, now } = this.#options;
    store.transaction(() => {
      for (const id of ids) store.devices.saw(id, now());
    });
  }
}
