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
  /** Told once a device was shut out. */
  readonly revoked: (revocation: Revocation) => void;
  /** Seconds since 1970. */
  readonly now: () => number;
}

/** Devices that were let in. */
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

  /** The names of the networks that it is on. */
  networksOf(device: string): string[] {
    return this.#options.store.devices.networksOf(device);
  }

  /** Shuts a device out: its addresses are free again, and its key can't come back by the invites that it used. */
  revoke(tenant: string, id: string, by: Actor): void {
    demandTenant(this.#options.store, tenant);
    this.remove(tenant, id, by);
    this.end(id);
  }

  /** What {@link revoke} writes down: a part of the transaction that it is called in, behind which {@link end} belongs. */
  remove(tenant: string, id: string, by: Actor): void {
    const { store, audit } = this.#options;
    audit.change({ tenant, by, action: "device.revoke", object: id }, () => {
      if (!store.devices.delete(tenant, id)) throw unknown("device", id);
    });
  }

  /** Ends the session of a device that was removed. */
  end(id: string): void {
    this.#options.revoked({ kind: "device", id });
  }

  /** The public key that a device signs by. */
  keyOf(id: string): string | undefined {
    return this.#options.store.devices.byId(id)?.publicKey;
  }

  /** What a device that has proved its key may do now; undefined where it was revoked. */
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
      // Who lets a device in says where it may be, not what.
      roles: new Set(),
      expiresAt: undefined,
    };
  }

  /** Notes that these were here just now; in one transaction. */
  saw(ids: Iterable<string>): void {
    const { store, now } = this.#options;
    store.transaction(() => {
      for (const id of ids) store.devices.saw(id, now());
    });
  }
}
