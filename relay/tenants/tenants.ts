import { MAX_VNI } from "../../shared/frame/encapsulation/vxlan.ts";
import type { PortRole } from "../../shared/switch/port.ts";
import { changedSettings, DEFAULT_SETTINGS, type SettingsChange } from "../../shared/switch/settings.ts";
import { Fault } from "../../shared/values/fault.ts";
import { hashSecret, newId, newSecret, randomBelow } from "../crypto/secret.ts";
import { taken, unknown } from "../model/faults.ts";
import type { Grant, Revocation } from "../model/grants.ts";
import {
  type Actor,
  type Network,
  type NetworkMode,
  RELAY,
  type Tenant,
  type Token,
} from "../model/model.ts";
import type { Part, TimeKey } from "../model/part.ts";
import type { Store } from "../store/store.ts";
import type { StoreHealth } from "../store/store-health.ts";
import { Addresses } from "./addresses.ts";
import { Admins } from "./admins.ts";
import { AuditLog } from "./audit-log.ts";
import { ChangeRates } from "./change-rates.ts";
import { demandTenant } from "./demand-tenant.ts";
import { Devices } from "./devices.ts";
import { Enrolment } from "./enrolment.ts";
import { Invites } from "./invites.ts";
import { KeptPorts } from "./kept-ports.ts";
import { Limits } from "./limits.ts";
import { Names } from "./names.ts";
import { Notices } from "./notices.ts";

/** The VNI of a new relay's first network, and the lowest given out: people number lower ones by hand. */
const FIRST_VNI = 101;

/** A new relay's first tenant and network. */
export const FIRST = { tenant: "default", network: "lan" } as const;

/** Attempts at a random VNI: of 16 million, several in a row are taken only if the relay has millions of networks. */
const VNI_ATTEMPTS = 64;

export interface NetworkRequest {
  readonly name: string;
  readonly vni?: number | undefined;
  readonly subnet?: string | undefined;
  /** Whether the relay chose the subnet itself; false by default. */
  readonly hasChosenSubnet?: boolean | undefined;
  readonly addresses?: boolean | undefined;
  /** A multicast address; derived from the VNI by default. */
  readonly group?: string | undefined;
  readonly mtu?: number | undefined;
  readonly mode?: NetworkMode | undefined;
  /** Settings that are not given have their defaults. */
  readonly settings?: SettingsChange | undefined;
}

export interface TokenRequest {
  /** At least one; if absent, every network of the tenant, including future ones. */
  readonly networks?: readonly string[] | undefined;
  readonly roles?: readonly PortRole[] | undefined;
  /** Maximum number of MAC addresses of each of its sessions; the limits decide by default. */
  readonly macs?: number | undefined;
  readonly name?: string | undefined;
  /** Seconds from now. */
  readonly expiresIn?: number | undefined;
}

/** Tenants, their networks and tokens, with all rules about them, over the store. */
export class Tenants {
  /** The store's health, which also runs work that must not fail with the store. */
  readonly health: StoreHealth;
  readonly audit: AuditLog;
  readonly notices: Notices;
  readonly limits: Limits;
  readonly changes: ChangeRates;
  readonly admins: Admins;
  readonly addresses: Addresses;
  readonly names: Names;
  readonly ports: KeptPorts;
  readonly devices: Devices;
  readonly invites: Invites;
  readonly enrolment: Enrolment;
  readonly #store: Store;
  readonly #now: () => number;
  readonly #listeners = new Set<(revocation: Revocation) => void>();
  readonly #changeListeners = new Set<(network: Network) => void>();

  /**
   * Creates the tenants.
   *
   * @param now seconds since 1970
   */
  constructor(store: Store, now: () => number) {
    this.#store = store;
    this.#now = now;
    const audit = new AuditLog(store, now);
    const notices = new Notices(now);
    const limits = new Limits(store, audit, notices);
    const addresses = new Addresses({ store, audit, limits, now });
    const names = new Names(store);
    const revoked = (revocation: Revocation) => this.#revoke(revocation);
    const devices = new Devices({ store, audit, addresses, revoked, now });
    this.health = store.health;
    this.audit = audit;
    this.notices = notices;
    this.limits = limits;
    this.changes = new ChangeRates(limits, now);
    this.admins = new Admins({ store, audit, revoked, now });
    this.addresses = addresses;
    this.names = names;
    this.ports = new KeptPorts(store, audit);
    this.devices = devices;
    this.invites = new Invites({ store, audit, limits, devices, now });
    this.enrolment = new Enrolment({ store, audit, limits, changes: this.changes, addresses, names, now });
  }

  /** Calls `listener` for every revocation, before the call that revokes returns. */
  onRevoked(listener: (revocation: Revocation) => void): void {
    this.#listeners.add(listener);
  }

  /** Calls `listener` for every network whose settings change, or the roles of whose tokens do. */
  onChanged(listener: (network: Network) => void): void {
    this.#changeListeners.add(listener);
  }

  /**
   * Creates the first tenant and network, so that a new relay can be used at once.
   *
   * @param subnet the network's subnet, from which its devices get addresses; none by default
   */
  createDefaults(subnet?: string): void {
    if (this.#store.tenants().length > 0) return;
    this.createTenant(FIRST.tenant);
    this.createNetwork(FIRST.tenant, { name: FIRST.network, vni: FIRST_VNI, subnet, hasChosenSubnet: true });
  }

  createTenant(name: string, by: Actor = RELAY): Tenant {
    this.audit.flush();
    this.audit.change({ tenant: name, by, action: "tenant.create", object: name }, () => {
      if (!this.#store.createTenant(name)) throw taken("tenant", name);
    });
    return { name };
  }

  /** Returns how much of the store a tenant uses, by the names of its limits. */
  usageOf(tenant: string): Readonly<Record<"networks" | "devices" | "tokens", number>> {
    return {
      networks: this.#store.countNetworks(tenant),
      devices: this.#store.devices.count(tenant),
      tokens: this.#store.countTokens(tenant),
    };
  }

  tenants(part?: Part<string>): Tenant[] {
    return this.#store.tenants(part);
  }

  has(tenant: string): boolean {
    return this.#store.hasTenant(tenant);
  }

  deleteTenant(name: string, by: Actor = RELAY): void {
    // The waiting entries belong to this tenant, not to a later one of the same name.
    this.audit.flush();
    this.audit.change({ tenant: name, by, action: "tenant.delete", object: name }, () => {
      if (!this.#store.deleteTenant(name)) throw unknown("tenant", name);
    });
    this.#revoke({ kind: "tenant", name });
    // After its sessions have ended, because those may report limits on their way out.
    this.limits.remove(name);
    this.notices.forget(name);
  }

  createNetwork(tenant: string, request: NetworkRequest, by: Actor = RELAY): Network {
    demandTenant(this.#store, tenant);
    this.limits.demand(tenant, "networks", this.#store.countNetworks(tenant));
    const vni = request.vni ?? this.#freeVni();
    if (vni > MAX_VNI) {
      throw new Fault({
        code: "network.vni-exhausted",
        message: "every VNI up to 16777215 is taken",
        hint: "Delete a network, or name a free VNI with --vni.",
      });
    }
    if (this.#store.network(tenant, request.name) !== undefined) throw taken("network", request.name);
    return this.audit.change({ tenant, by, action: "network.create", object: request.name }, () => {
      const network = this.#store.createNetwork({
        tenant,
        name: request.name,
        vni,
        group: request.group ?? groupOf(vni),
        mtu: request.mtu ?? 1500,
        subnet: request.subnet,
        hasChosenSubnet: request.hasChosenSubnet ?? false,
        addresses: request.addresses ?? request.subnet !== undefined,
        mode: request.mode ?? "switch",
        settings: changedSettings(DEFAULT_SETTINGS, request.settings ?? {}),
      });
      if (network !== undefined) return network;
      throw new Fault({
        code: "network.vni-taken",
        message: `VNI ${vni} is taken`,
        hint: "Name another with --vni, or leave it out to get a free one.",
      });
    });
  }

  networks(tenant: string, part?: Part<string>): Network[] {
    demandTenant(this.#store, tenant);
    return this.#store.networks(tenant, part);
  }

  network(tenant: string, name: string): Network {
    demandTenant(this.#store, tenant);
    const network = this.#store.network(tenant, name);
    if (network === undefined) throw unknown("network", name);
    return network;
  }

  /** Changes the given settings, at once, also for joined members. */
  changeSettings(tenant: string, name: string, changes: SettingsChange, by: Actor = RELAY): Network {
    const { settings } = this.network(tenant, name);
    const changed = this.audit.change({ tenant, by, action: "network.change", object: name }, () => {
      const network = this.#store.changeSettings(tenant, name, changedSettings(settings, changes));
      if (network === undefined) throw unknown("network", name);
      return network;
    });
    this.#changed(changed);
    return changed;
  }

  /** Returns the roles that members of the network may have. */
  rolesIn(network: Network): ReadonlySet<PortRole> {
    return this.#store.rolesIn(network);
  }

  deleteNetwork(tenant: string, name: string, by: Actor = RELAY): void {
    const network = this.network(tenant, name);
    const { id } = network;
    const hadLimits = this.limits.hasOwn(network);
    const tokens = this.#store.tokens(tenant).filter(({ networks: [first] }) => first === name);
    this.audit.change({ tenant, by, action: "network.delete", object: name }, () =>
      this.#store.deleteNetwork(tenant, name),
    );
    this.#revoke({ kind: "network", id });
    for (const token of tokens) this.#revoke({ kind: "token", id: token.id });
    // After all members have left, because reset buckets would forgive their debts.
    if (hadLimits) this.limits.forget(tenant);
  }

  /**
   * Creates a token.
   *
   * @returns the token and its secret, which is shown only once and not stored
   */
  async createToken(
    tenant: string,
    request: TokenRequest,
    by: Actor = RELAY,
  ): Promise<{ token: Token; secret: string }> {
    const secret = newSecret();
    const hash = await hashSecret(secret);
    demandTenant(this.#store, tenant);
    const named =
      request.networks && [...new Set(request.networks)].map((name) => this.network(tenant, name));
    this.limits.demand(tenant, "tokens", this.#store.countTokens(tenant));
    const now = this.#now();
    const token: Token = {
      id: newId(),
      tenant,
      networks: named?.map((network) => network.name) ?? [],
      allNetworks: named === undefined,
      roles: request.roles ?? [],
      macs: request.macs,
      name: request.name,
      createdAt: now,
      expiresAt: request.expiresIn === undefined ? undefined : now + request.expiresIn,
    };
    this.audit.change({ tenant, by, action: "token.create", object: token.id }, () =>
      this.#store.createToken({ ...token, hash }),
    );
    if (token.roles.length > 0) {
      for (const network of named ?? this.#store.networks(tenant)) this.#changed(network);
    }
    return { token, secret };
  }

  tokens(tenant: string, part?: Part<TimeKey>): Token[] {
    demandTenant(this.#store, tenant);
    return this.#store.tokens(tenant, part);
  }

  revokeToken(tenant: string, id: string, by: Actor = RELAY): void {
    demandTenant(this.#store, tenant);
    this.audit.change({ tenant, by, action: "token.revoke", object: id }, () => {
      if (!this.#store.deleteToken(tenant, id)) throw unknown("token", id);
    });
    this.#revoke({ kind: "token", id });
  }

  /**
   * Returns what the secret with this hash ({@link hashSecret}) opens; undefined if it is wrong, revoked or expired.
   * Answers synchronously, so that nothing can be revoked between the answer and its use.
   */
  authenticate(hash: string): Grant | undefined {
    const token = this.#store.tokenByHash(hash);
    if (token === undefined || this.hasExpired(token)) return undefined;
    const { id, tenant, roles, macs, expiresAt } = token;
    const networks = token.allNetworks
      ? this.#store.networks(tenant)
      : this.#store.networksNamed(tenant, token.networks);
    return {
      token: id,
      device: undefined,
      tenant,
      networks,
      addresses: new Map(),
      macs: new Map(macs === undefined ? [] : networks.map((network) => [network.id, macs])),
      roles: new Set(roles),
      expiresAt,
    };
  }

  hasExpired(credential: { readonly expiresAt: number | undefined }): boolean {
    return credential.expiresAt !== undefined && credential.expiresAt <= this.#now();
  }

  /**
   * Throws unless the store can be read and written.
   *
   * @throws Fault `store.full`, `store.failed`
   */
  check(): void {
    this.#store.check();
  }

  /** Returns a free VNI, at random because VNIs in turn would tell a tenant how many networks others make. */
  #freeVni(): number {
    for (let attempt = 0; attempt < VNI_ATTEMPTS; attempt++) {
      const vni = FIRST_VNI + randomBelow(MAX_VNI - FIRST_VNI + 1);
      if (!this.#store.vniTaken(vni)) return vni;
    }
    return this.#store.freeVni(FIRST_VNI);
  }

  #changed(network: Network): void {
    for (const listener of this.#changeListeners) listener(network);
  }

  #revoke(revocation: Revocation): void {
    for (const listener of this.#listeners) listener(revocation);
  }
}

/** Returns the default multicast group of a VNI: `239.<VNI as three bytes>`, of RFC 2365's scope. */
export function groupOf(vni: number): string {
  return `239.${vni >>> 16}.${(vni >>> 8) & 0xff}.${vni & 0xff}`;
}
