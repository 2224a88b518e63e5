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
 * Where tenants and all that is theirs is kept. What a call that returns has written is there after a crash.
 * A call that can't be done because the disk is full or fails throws a Fault `store.full` or `store.failed`.
 * Names are unique: a `create` of what exists returns undefined (false) and changes nothing.
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
  /** How the store does, and what runs work that must not fail with it. */
  readonly health: StoreHealth;

  createTenant(name: string): boolean;
  /** In the order of their names, as networks are. */
  tenants(part?: Part<string>): Tenant[];
  hasTenant(name: string): boolean;
  /** Takes everything of the tenant's with it but the audit log. */
  deleteTenant(name: string): boolean;

  createNetwork(network: NewNetwork): Network | undefined;
  networks(tenant: string, part?: Part<string>): Network[];
  /** Number of a tenant's networks. */
  countNetworks(tenant: string): number;
  network(tenant: string, name: string): Network | undefined;
  /** Those of these names that there are, in the order of `names`. */
  networksNamed(tenant: string, names: readonly string[]): Network[];
  /** Those that a device is on, in the order of their names. */
  networksOfDevice(device: string): Network[];
  /** @returns the network as it is now; undefined where there is none */
  changeSettings(tenant: string, name: string, settings: NetworkSettings): Network | undefined;
  /** Takes with it the tokens whose first network it is, its invites, memberships, addresses and ports. */
  deleteNetwork(tenant: string, name: string): boolean;
  /** The lowest VNI from `from` on that no network of any tenant has. */
  freeVni(from: number): number;
  vniTaken(vni: number): boolean;

  /** Its network has to be there, where it names one. */
  createToken(token: NewToken): void;
  /** The oldest first. */
  tokens(tenant: string, part?: Part<TimeKey>): Token[];
  /** Number of a tenant's tokens, also of such as have expired. */
  countTokens(tenant: string): number;
  /** What tokens that open the network may be: every role of each. */
  rolesIn(network: Network): ReadonlySet<PortRole>;
  tokenByHash(hash: string): Token | undefined;
  deleteToken(tenant: string, id: string): boolean;

  /** Does `work` wholly or, where it throws, not at all. */
  transaction<Result>(work: () => Result): Result;
  /** Writes a whole copy to a file that is not there yet. */
  copyTo(file: string): void;
  /**
   * Throws unless the store can be read and written. Tries to write every few seconds at most, however often it is asked.
   *
   * @throws Fault `store.full`, `store.failed`
   */
  check(): void;
  close(): void;
}
