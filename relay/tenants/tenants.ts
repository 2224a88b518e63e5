import { Fault } from "../../shared/fault.ts";
import { MAX_VNI } from "../../shared/frame/vxlan.ts";
import type { PortRole } from "../../shared/switch/port.ts";
import { changedSettings, DEFAULT_SETTINGS, type SettingsChange } from "../../shared/switch/settings.ts";
import type { Network, NetworkMode, Tenant, Token } from "./model.ts";
import { hashSecret, newId, newSecret } from "./secret.ts";
import type { Store } from "./store.ts";

/** The first VNI given out: those below are what people number by hand. */
const FIRST_VNI = 101;

/** What was withdrawn; sessions that stand on it end. */
export type Revocation =
  | { readonly kind: "token"; readonly id: string }
  | { readonly kind: "network"; readonly id: number }
  | { readonly kind: "tenant"; readonly name: string };

export interface NetworkRequest {
  readonly name: string;
  readonly vni?: number | undefined;
  readonly subnet?: string | undefined;
  readonly addresses?: boolean | undefined;
  readonly mtu?: number | undefined;
  readonly mode?: NetworkMode | undefined;
  /** What is not named has its default. */
  readonly settings?: SettingsChange | undefined;
}

export interface TokenRequest {
  /** One at least. */
  readonly networks: readonly string[];
  readonly roles?: readonly PortRole[] | undefined;
  readonly name?: string | undefined;
  /** Seconds from now. */
  readonly expiresIn?: number | undefined;
}

/** What a credential opens. */
export interface Grant {
  readonly token: string;
  readonly tenant: string;
  readonly networks: readonly Network[];
  readonly roles: ReadonlySet<PortRole>;
  readonly expiresAt: number | undefined;
}

/** Tenants, their networks and tokens: every rule about them, over the store that keeps them. */
export class Tenants {
  readonly #store: Store;
  readonly #now: () => number;
  readonly #listeners = new Set<(revocation: Revocation) => void>();
  readonly #changeListeners = new Set<(network: Network) => void>();

  /** @param now seconds since 1970 */
  constructor(store: Store, now: () => number) {
    this.#store = store;
    this.#now = now;
  }

  /** Has `listener` told of everything that is withdrawn from now on, before the call that did it returns. */
  onRevoked(listener: (revocation: Revocation) => void): void {
    this.#listeners.add(listener);
  }

  /** Has `listener` told of every network whose settings change, or whose tokens' roles do. */
  onChanged(listener: (network: Network) => void): void {
    this.#changeListeners.add(listener);
  }

  /** The first tenant and network, so that a new relay can be used at once. */
  createDefaults(): void {
    if (this.#store.tenants().length > 0) return;
    this.createTenant("default");
    this.createNetwork("default", { name: "lan" });
  }

  createTenant(name: string): Tenant {
    if (!this.#store.createTenant(name)) throw taken("tenant", name);
    return { name };
  }

  tenants(): Tenant[] {
    return this.#store.tenants();
  }

  deleteTenant(name: string): void {
    if (!this.#store.deleteTenant(name)) throw unknown("tenant", name);
    this.#revoke({ kind: "tenant", name });
  }

  createNetwork(tenant: string, request: NetworkRequest): Network {
    this.#demandTenant(tenant);
    const vni = request.vni ?? this.#store.freeVni(FIRST_VNI);
    if (vni > MAX_VNI) {
      throw new Fault({
        code: "network.vni-exhausted",
        message: "every VNI up to 16777215 is taken",
        hint: "Delete a network, or name a free VNI with --vni.",
      });
    }
    if (this.#store.network(tenant, request.name) !== undefined) throw taken("network", request.name);
    const network = this.#store.createNetwork({
      tenant,
      name: request.name,
      vni,
      group: groupOf(vni),
      mtu: request.mtu ?? 1500,
      subnet: request.subnet,
      addresses: request.addresses ?? request.subnet !== undefined,
      mode: request.mode ?? "switch",
      settings: changedSettings(DEFAULT_SETTINGS, request.settings ?? {}),
    });
    if (network === undefined) {
      throw new Fault({
        code: "network.vni-taken",
        message: `VNI ${vni} is taken`,
        hint: "Name another with --vni, or leave it out to be given a free one.",
      });
    }
    return network;
  }

  networks(tenant: string): Network[] {
    this.#demandTenant(tenant);
    return this.#store.networks(tenant);
  }

  network(tenant: string, name: string): Network {
    this.#demandTenant(tenant);
    const network = this.#store.network(tenant, name);
    if (network === undefined) throw unknown("network", name);
    return network;
  }

  /** Changes what `changes` names, at once, also for those who are joined. */
  changeSettings(tenant: string, name: string, changes: SettingsChange): Network {
    const { settings } = this.network(tenant, name);
    const changed = this.#store.changeSettings(tenant, name, changedSettings(settings, changes));
    if (changed === undefined) throw unknown("network", name);
    this.#changed(changed);
    return changed;
  }

  /** What those who may join the network may be to others. */
  rolesIn(network: Network): ReadonlySet<PortRole> {
    return this.#store.rolesIn(network);
  }

  deleteNetwork(tenant: string, name: string): void {
    const { id } = this.network(tenant, name);
    this.#store.deleteNetwork(tenant, name);
    this.#revoke({ kind: "network", id });
  }

  /** @returns the token and its secret, which is shown this once and kept nowhere */
  async createToken(tenant: string, request: TokenRequest): Promise<{ token: Token; secret: string }> {
    const secret = newSecret();
    const hash = await hashSecret(secret);
    const networks = [...new Set(request.networks)].map((name) => this.network(tenant, name));
    const now = this.#now();
    const token: Token = {
      id: newId(),
      tenant,
      networks: networks.map((network) => network.name),
      roles: request.roles ?? [],
      name: request.name,
      createdAt: now,
      expiresAt: request.expiresIn === undefined ? undefined : now + request.expiresIn,
    };
    this.#store.createToken({ ...token, hash });
    if (token.roles.length > 0) for (const network of networks) this.#changed(network);
    return { token, secret };
  }

  tokens(tenant: string): Token[] {
    this.#demandTenant(tenant);
    return this.#store.tokens(tenant);
  }

  revokeToken(tenant: string, id: string): void {
    this.#demandTenant(tenant);
    if (!this.#store.deleteToken(tenant, id)) throw unknown("token", id);
    this.#revoke({ kind: "token", id });
  }

  /**
   * What the secret with this hash ({@link hashSecret}) opens; undefined for one that is wrong, revoked or expired.
   * Answers at once, so that nothing can be revoked between the answer and its use.
   */
  authenticate(hash: string): Grant | undefined {
    const token = this.#store.tokenByHash(hash);
    if (token === undefined || this.hasExpired(token)) return undefined;
    const { id, tenant, roles, expiresAt } = token;
    const networks = token.networks.flatMap((name) => this.#store.network(tenant, name) ?? []);
    return { token: id, tenant, networks, roles: new Set(roles), expiresAt };
  }

  hasExpired(credential: { readonly expiresAt: number | undefined }): boolean {
    return credential.expiresAt !== undefined && credential.expiresAt <= this.#now();
  }

  /** Throws unless the store can be read. */
  check(): void {
    this.#store.check();
  }

  #demandTenant(name: string): void {
    if (!this.#store.hasTenant(name)) throw unknown("tenant", name);
  }

  #changed(network: Network): void {
    for (const listener of this.#changeListeners) listener(network);
  }

  #revoke(revocation: Revocation): void {
    for (const listener of this.#listeners) listener(revocation);
  }
}

/** The group that stands for a VNI unless another was set: `239.<VNI as three bytes>`, of RFC 2365's scope. */
export function groupOf(vni: number): string {
  return `239.${vni >>> 16}.${(vni >>> 8) & 0xff}.${vni & 0xff}`;
}

type Kind = "tenant" | "network" | "token";

function unknown(kind: Kind, name: string): Fault {
  return new Fault({
    code: `${kind}.unknown`,
    message: `there is no ${kind} '${name}'`,
    hint: `'laneway ${kind} list' shows what there is.`,
  });
}

function taken(kind: Kind, name: string): Fault {
  return new Fault({
    code: `${kind}.taken`,
    message: `there is a ${kind} '${name}' already`,
    hint: "Choose another name, or use the one that is there.",
  });
}
