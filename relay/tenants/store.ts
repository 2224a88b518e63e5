import type { PortRole } from "../../shared/switch/port.ts";
import type { NetworkSettings } from "../../shared/switch/settings.ts";
import type { Network, NewNetwork, NewToken, Tenant, Token } from "./model.ts";

/**
 * Where tenants, networks and tokens are kept. What a call that returns has written is there after a crash.
 * Names are unique: a `create` of what exists returns undefined (false) and changes nothing.
 */
export interface Store {
  createTenant(name: string): boolean;
  tenants(): Tenant[];
  hasTenant(name: string): boolean;
  /** Takes the tenant's networks and tokens with it. */
  deleteTenant(name: string): boolean;

  createNetwork(network: NewNetwork): Network | undefined;
  networks(tenant: string): Network[];
  network(tenant: string, name: string): Network | undefined;
  /** @returns the network as it is now; undefined where there is none */
  changeSettings(tenant: string, name: string, settings: NetworkSettings): Network | undefined;
  /** Takes with it the tokens whose first network it is. */
  deleteNetwork(tenant: string, name: string): boolean;
  /** The lowest VNI from `from` on that no network of any tenant has. */
  freeVni(from: number): number;
  vniTaken(vni: number): boolean;

  createToken(token: NewToken): void;
  tokens(tenant: string): Token[];
  /** What tokens that open the network may be: every role of each. */
  rolesIn(network: Network): ReadonlySet<PortRole>;
  tokenByHash(hash: string): Token | undefined;
  deleteToken(tenant: string, id: string): boolean;

  /** Throws unless the store can be read. */
  check(): void;
  close(): void;
}
