import type { PortRole } from "../../shared/switch/port.ts";
import type { NetworkSettings } from "../../shared/switch/settings.ts";

/** What the store keeps: who may do what. Nothing of the switch is here, it learns anew. */

export interface Tenant {
  readonly name: string;
}

/** How a network treats what a bridge would keep to itself: `switch` blocks, `wire` passes everything. */
export type NetworkMode = "switch" | "wire";

export interface Network {
  readonly id: number;
  readonly tenant: string;
  readonly name: string;
  /** Unique in the whole relay, whoever's it is. */
  readonly vni: number;
  /** The multicast group that carries its BUM frames where the underlay has multicast. */
  readonly group: string;
  readonly mtu: number;
  /** CIDR; absent where the network has none. */
  readonly subnet: string | undefined;
  /** Whether the subnet's addresses are given to members. */
  readonly addresses: boolean;
  /** Its IPv6 prefix, CIDR, chosen by the store when it is made; absent where it gives no addresses. */
  readonly prefix6: string | undefined;
  readonly mode: NetworkMode;
  readonly settings: NetworkSettings;
}

export type NewNetwork = Omit<Network, "id" | "prefix6">;

/** A port of a network on the underlay, as it was asked for. */
export interface PortRecord {
  readonly id: string;
  readonly tenant: string;
  readonly network: string;
  /** What relay/hub/ports/config.ts reads. */
  readonly config: unknown;
}

/** An access token: opens networks, any number of sessions at once. The secret itself is not kept. */
export interface Token {
  readonly id: string;
  readonly tenant: string;
  /** In their order; none where it opens every network of the tenant, also those to come. */
  readonly networks: readonly string[];
  readonly allNetworks: boolean;
  /** What the machines behind its sessions may be to others. */
  readonly roles: readonly PortRole[];
  /** Number of MAC addresses that each of its sessions may have; undefined where the limits say. */
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

/** Somebody who administers one tenant by a token of their own. The secret itself is not kept. */
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

/** A link that lets devices onto one network. The secret itself is not kept. */
export interface Invite {
  readonly id: string;
  readonly tenant: string;
  readonly network: string;
  readonly networkId: number;
  /** How many devices it lets in, and how many it has. */
  readonly uses: number;
  readonly used: number;
  /** Number of MAC addresses that each device it lets in may have there; undefined where the limits say. */
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

/** A machine that was let in by an invite, and is known by its key from then on. */
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

/** An address of a network that is taken. */
export interface TakenAddress {
  readonly networkId: number;
  /** IPv4. */
  readonly address: number;
  /** Whose it is; absent where it is kept free for what the relay does not know. */
  readonly device: string | undefined;
  /** Whether somebody chose it, rather than the relay. */
  readonly fixed: boolean;
  /** The device's IPv6 address, once it has one. */
  readonly address6?: string | undefined;
  /** Who uses it without having been given it, 48 bits; absent where nobody was seen to. */
  readonly mac?: number | undefined;
}

/** The addresses of a device in a network, as CIDRs. */
export interface GivenAddresses {
  /** Absent where none is left. */
  readonly address: string | undefined;
  readonly address6: string | undefined;
}

/** Who did something, and from where. */
export interface Actor {
  /** `relay-admin`, `tenant-admin <id>`, `invite <id>`, or `relay` for itself. */
  readonly name: string;
  /** The address that they came from; absent for the relay itself. */
  readonly from: string | undefined;
}

/** The relay itself, as when it makes the first tenant. */
export const RELAY: Actor = { name: "relay", from: undefined };

/** One line of the audit log. */
export interface AuditEntry {
  /** Seconds since 1970. */
  readonly at: number;
  /** Absent where it is about the relay as a whole. */
  readonly tenant: string | undefined;
  readonly actor: string;
  /** `<noun>.<verb>`. */
  readonly action: string;
  /** The id or name of what it was done to. */
  readonly object: string;
  readonly from: string | undefined;
}
