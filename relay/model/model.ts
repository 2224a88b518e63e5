import type { PortRole } from "../../shared/switch/port.ts";
import type { NetworkSettings } from "../../shared/switch/settings.ts";

/** The objects of the store, which grant access. The switch's state is not stored, because it learns anew. */

export interface Tenant {
  readonly name: string;
}

/** Treatment of frames that a bridge would not forward: `switch` blocks them, `wire` forwards all. */
export type NetworkMode = "switch" | "wire";

export interface Network {
  readonly id: number;
  readonly tenant: string;
  readonly name: string;
  /** Unique in the whole relay, across tenants. */
  readonly vni: number;
  /** The multicast group for its BUM frames where the underlay has multicast. */
  readonly group: string;
  readonly mtu: number;
  /** CIDR; absent if the network has none. */
  readonly subnet: string | undefined;
  /** Whether the relay chose the subnet itself, so that it binds only the devices that get addresses of it. */
  readonly hasChosenSubnet?: boolean;
  /** Whether devices get addresses of the subnet. */
  readonly addresses: boolean;
  /** IPv6 prefix, CIDR, chosen by the store on creation; absent if the network gives no addresses. */
  readonly prefix6: string | undefined;
  readonly mode: NetworkMode;
  readonly settings: NetworkSettings;
}

export type NewNetwork = Omit<Network, "id" | "prefix6">;

/** A network's port on the underlay, as configured. */
export interface PortRecord {
  readonly id: string;
  readonly tenant: string;
  readonly network: string;
  /** The configuration, as relay/hub/ports/config.ts reads it. */
  readonly config: unknown;
}

/** An access token: it opens networks, for any number of sessions at once. The secret itself is not stored. */
export interface Token {
  readonly id: string;
  readonly tenant: string;
  /** In their order; empty if it opens every network of the tenant, including future ones. */
  readonly networks: readonly string[];
  readonly allNetworks: boolean;
  /** Roles that the machines behind its sessions may have towards others. */
  readonly roles: readonly PortRole[];
  /** Maximum number of MAC addresses of each of its sessions; undefined for the default limit. */
  readonly macs?: number | undefined;
  readonly name: string | undefined;
  /** Seconds since 1970. */
  readonly createdAt: number;
  readonly expiresAt: number | undefined;
}

export interface NewToken extends Token {
  /** SHA-256 of the secret, hexadecimal. */
  readonly hash: string;
}

/** An administrator of one tenant, with a token of its own. The secret itself is not stored. */
export interface Admin {
  readonly id: string;
  readonly tenant: string;
  readonly name: string | undefined;
  /** Seconds since 1970. */
  readonly createdAt: number;
  readonly expiresAt: number | undefined;
}

export interface NewAdmin extends Admin {
  /** SHA-256 of the secret, hexadecimal. */
  readonly hash: string;
}

/** A link that admits devices to one network. The secret itself is not stored. */
export interface Invite {
  readonly id: string;
  readonly tenant: string;
  readonly network: string;
  readonly networkId: number;
  /** Maximum number of devices that it admits, and the number so far. */
  readonly uses: number;
  readonly used: number;
  /** Maximum number of MAC addresses of each device that it admits; undefined for the default limit. */
  readonly macs?: number | undefined;
  /** Seconds since 1970. */
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly revokedAt: number | undefined;
}

export interface NewInvite extends Omit<Invite, "used" | "revokedAt" | "network" | "tenant"> {
  /** SHA-256 of the secret, hexadecimal. */
  readonly hash: string;
}

/** A machine that an invite admitted, known by its key from then on. */
export interface Device {
  readonly id: string;
  readonly tenant: string;
  readonly name: string;
  /** Ed25519, 32 bytes, base64url. */
  readonly publicKey: string;
  /** Seconds since 1970. */
  readonly createdAt: number;
  readonly lastSeen: number | undefined;
}

/** A taken address of a network. */
export interface TakenAddress {
  readonly networkId: number;
  /** IPv4. */
  readonly address: number;
  /** The device that has it; absent if it is reserved for a use outside the relay. */
  readonly device: string | undefined;
  /** Whether an administrator chose it, rather than the relay. */
  readonly fixed: boolean;
  /** The device's IPv6 address, if it has one. */
  readonly address6?: string | undefined;
  /** MAC address, 48 bits, seen using it without a lease from the relay; absent if none was seen. */
  readonly mac?: number | undefined;
}

/** The addresses of a device in a network, as CIDRs. */
export interface GivenAddresses {
  /** Absent if none is left. */
  readonly address: string | undefined;
  readonly address6: string | undefined;
}

/** The caller of an action, and its source. */
export interface Actor {
  /** `relay-admin`, `tenant-admin <id>`, `invite <id>`, or `relay` for itself. */
  readonly name: string;
  /** Source address of the caller; absent for the relay itself. */
  readonly from: string | undefined;
  /** The id of the caller's request; absent for what the relay does by itself. */
  readonly request?: string | undefined;
}

/** The relay itself, for example when it creates the first tenant. */
export const RELAY: Actor = { name: "relay", from: undefined };

/** One entry of the audit log. */
export interface AuditEntry {
  /** Seconds since 1970. */
  readonly at: number;
  /** Absent if it concerns the relay as a whole. */
  readonly tenant: string | undefined;
  readonly actor: string;
  /** `<noun>.<verb>`. */
  readonly action: string;
  /** The id or name of the object. */
  readonly object: string;
  readonly from: string | undefined;
  /** The id of the request that changed it. */
  readonly request?: string | undefined;
}
