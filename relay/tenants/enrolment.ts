import { enrolmentText } from "../../shared/protocol/signed-text.ts";
import { Fault } from "../../shared/values/fault.ts";
import { parsePublicKey, verify } from "../crypto/ed25519.ts";
import { hashSecret, hexToBase64url, newId } from "../crypto/secret.ts";
import type { Actor, Device, Invite, Network } from "../model/model.ts";
import type { Store } from "../store/store.ts";
import type { Addresses } from "./addresses.ts";
import type { AuditLog } from "./audit-log.ts";
import type { ChangeRates } from "./change-rates.ts";
import type { Limits } from "./limits.ts";
import type { Names } from "./names.ts";

export interface EnrolmentRequest {
  readonly tenant: string;
  /** The invite's secret. */
  readonly secret: string;
  /** The device's name. */
  readonly name: string;
  /** Ed25519, 32 bytes, base64url. */
  readonly publicKey: string;
  /** Signature over {@link enrolmentText}, base64url. */
  readonly proof: string;
}

export interface Enrolled {
  readonly device: Device;
  /** All networks of the device now. */
  readonly networks: readonly Network[];
}

export interface EnrolmentOptions {
  readonly store: Store;
  readonly audit: AuditLog;
  readonly limits: Limits;
  readonly changes: ChangeRates;
  readonly addresses: Addresses;
  readonly names: Names;
  /** Seconds since 1970. */
  readonly now: () => number;
}

/** The enrolment of devices: it checks an invite's secret, and the proof that the device has its key. */
export class Enrolment {
  readonly #options: EnrolmentOptions;

  constructor(options: EnrolmentOptions) {
    this.#options = options;
  }

  /**
   * Enrols a device. The same key with the same invite is the same device, and counts as one use.
   *
   * @param origin the origin of the relay in the request
   * @param caller the client's address, and the id of its request
   * @throws Fault `enrol.bad-key`, `invite.refused`, `enrol.bad-proof`, `invite.revoked`, `enrol.device-revoked`,
   *   `invite.expired`, `invite.used-up`, `limit.devices`, `limit.network-devices`, `rate.limited`
   */
  async enrol(request: EnrolmentRequest, origin: string, caller: Omit<Actor, "name">): Promise<Enrolled> {
    const { tenant, publicKey, proof } = request;
    if (parsePublicKey(publicKey) === undefined) throw badKey();
    const hash = await hashSecret(request.secret);
    // Refuses without a reason, and before verifying a signature, if the secret is wrong.
    if (this.#find(tenant, hash) === undefined) throw refused();
    const text = enrolmentText(origin, tenant, hexToBase64url(hash), publicKey);
    if (!(await verify(publicKey, text, proof))) throw badProof(origin);
    // Reads the invite again, because it may have changed during the wait. From here on nothing waits.
    const invite = this.#find(tenant, hash);
    if (invite === undefined) throw refused();
    if (invite.revokedAt !== undefined) throw inviteFault("revoked", "was revoked");
    const device = this.#known(invite, publicKey) ?? this.#enter(invite, request, caller);
    return { device, networks: this.#options.store.networksOfDevice(device.id) };
  }

  #find(tenant: string, hash: string): Invite | undefined {
    const invite = this.#options.store.invites.byHash(hash);
    return invite?.tenant === tenant ? invite : undefined;
  }

  /** Returns the device that this key became by this invite before. */
  #known(invite: Invite, publicKey: string): Device | undefined {
    const { store } = this.#options;
    const before = store.invites.usedBy(invite.id, publicKey);
    if (before === undefined) return undefined;
    const device = before.device === undefined ? undefined : store.devices.byId(before.device);
    if (device !== undefined) return device;
    throw new Fault({
      code: "enrol.device-revoked",
      message: "the device of this invite was revoked",
      hint: "Ask the network's administrator for a new invite.",
    });
  }

  #enter(invite: Invite, { name, publicKey }: EnrolmentRequest, caller: Omit<Actor, "name">): Device {
    const { store, audit, limits, changes, addresses, names, now } = this.#options;
    const { id, tenant, networkId } = invite;
    if (invite.expiresAt <= now()) throw inviteFault("expired", "has expired");
    if (invite.used >= invite.uses) throw inviteFault("used-up", "has no uses left");
    const known = store.devices.byKey(tenant, publicKey);
    if (known === undefined) limits.demand(tenant, "devices", store.devices.count(tenant));
    if (known === undefined || !store.devices.isOn(known.id, networkId)) {
      const where = { network: invite.network };
      limits.demand(tenant, "network_devices", store.devices.countOn(networkId), where);
    }
    changes.demand(tenant, "enrolment");
    const device = known ?? { id: newId(), tenant, name, publicKey, createdAt: now(), lastSeen: undefined };
    const by = { name: `invite ${id}`, ...caller };
    audit.change({ tenant, by, action: "device.enrol", object: device.id }, () => {
      if (known === undefined) store.devices.create(device);
      store.devices.enter(device.id, networkId, invite.macs);
      store.invites.use(id, publicKey, device.id);
      const network = store.network(tenant, invite.network);
      if (network === undefined) return;
      addresses.give(network, device.id);
      names.complete(network);
    });
    return device;
  }
}

function badKey(): Fault {
  return new Fault({
    code: "enrol.bad-key",
    message: "the public key is not a safe Ed25519 key",
    hint: "It must be 32 bytes in canonical encoding, base64url, and not a point of small order.",
  });
}

function badProof(origin: string): Fault {
  return new Fault({
    code: "enrol.bad-proof",
    message: "the proof is not that key's signature for this relay and this invite",
    hint: `This relay believes that it is reached at '${origin}'; its operator sets that with --public-url.`,
  });
}

function refused(): Fault {
  return inviteFault("refused", "is not known here");
}

function inviteFault(what: "refused" | "expired" | "used-up" | "revoked", words: string): Fault {
  return new Fault({
    code: `invite.${what}`,
    message: `this invite ${words}`,
    hint: "Check that the link is complete, or ask its sender for a new one.",
  });
}
