import type { PortRole } from "../../shared/switch/port.ts";
import type { NetworkSettings } from "../../shared/switch/settings.ts";
import type { Network, NewNetwork, NewToken, Tenant, Token } from "../model/model.ts";
import type { Part, TimeKey } from "../model/part.ts";
import type { StoreHealth } from "./store-health.ts";
import type { AddressTable } from "./tables/address-table.ts";
import type { AdminTable } from "./tables/admin-table.ts";
import type { AuditTable } from "./tables/audit-table.ts";
import type { DeviceTable } from "./tables/device-table.ts";
import type { InviteTable } from "./tables/invite-table.ts";
import type { LimitTable } from "./tables/limit-table.ts";
import type { MemberTable } from "./tables/member-table.ts";
import type { PortTable } from "./tables/port-table.ts";
import type { UsedAddressTable } from "./tables/used-address-table.ts";

/**
 * The storage of tenants and everything that belongs to them. When a call returns, its changes survive a crash. A call
 * throws a Fault `store.full` or `store.failed` if the disk is full or fails. Names are unique: a `create` of an
 * existing name returns undefined (false) and changes nothing.
 */
export interface Store {
  readonly admins: AdminTable;
  readonly invites: InviteTable;
  readonly devices: DeviceTable;
  readonly addresses: AddressTable;
  readonly used: UsedAddressTable;
  readonly members: MemberTable;
  readonly ports: PortTable;
  readonly limits: LimitTable;
  readonly audit: AuditTable;
  /** The store's health, which also runs work that must not fail with the store. */
  readonly health: StoreHealth;

  createTenant(name: string): boolean;
  /** Returns tenants in the order of their names, as networks are. */
  tenants(part?: Part<string>): Tenant[];
  hasTenant(name: string): boolean;
  /** Deletes everything of the tenant except the audit log. */
  deleteTenant(name: string): boolean;

  createNetwork(network: NewNetwork): Network | undefined;
  networks(tenant: string, part?: Part<string>): Network[];
  /** Returns the number of a tenant's networks. */
  countNetworks(tenant: string): number;
  network(tenant: string, name: string): Network | undefined;
  /** Returns the existing networks of these names, in the order of `names`. */
  networksNamed(tenant: string, names: readonly string[]): Network[];
  /** Returns a device's networks, in the order of their names. */
  networksOfDevice(device: string): Network[];
  /**
   * Changes a network's settings.
   *
   * @returns the changed network; undefined if it does not exist
   */
  changeSettings(tenant: string, name: string, settings: NetworkSettings): Network | undefined;
  /** Also deletes its invites, memberships, addresses and ports, and the tokens whose first network it is. */
  deleteNetwork(tenant: string, name: string): boolean;
  /** Returns the lowest VNI from `from` on that no network of any tenant has. */
  freeVni(from: number): number;
  vniTaken(vni: number): boolean;

  /** Stores a token. The network that it names must exist. */
  createToken(token: NewToken): void;
  /** Returns tokens, the oldest first. */
  tokens(tenant: string, part?: Part<TimeKey>): Token[];
  /** Returns the number of a tenant's tokens, including expired ones. */
  countTokens(tenant: string): number;
  /** Returns the combined roles of all tokens that open the network. */
  rolesIn(network: Network): ReadonlySet<PortRole>;
  tokenByHash(hash: string): Token | undefined;
  deleteToken(tenant: string, id: string): boolean;

  /** Does `work` completely or, if it throws, not at all. */
  transaction<Result>(work: () => Result): Result;
  /** Writes a whole copy to a new file. */
  copyTo(file: string): void;
  /**
   * Throws unless the store can be read and written. Tries a write every few seconds at most, however often it is
   * called.
   *
   * @throws Fault `store.full`, `store.failed`
   */
  check(): void;
  close(): void;
}
