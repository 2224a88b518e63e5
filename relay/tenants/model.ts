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
  readonly mode: NetworkMode;
  readonly settings: NetworkSettings;
}

export type NewNetwork = Omit<Network, "id">;

/** An access token: opens networks, any number of sessions at once. The secret itself is not kept. */
export interface Token {
  readonly id: string;
  readonly tenant: string;
  readonly networks: readonly string[];
  /** What the machines behind its sessions may be to others. */
  readonly roles: readonly PortRole[];
  readonly name: string | undefined;
  /** Seconds since 1970. */
  readonly createdAt: number;
  readonly expiresAt: number | undefined;
}

export interface NewToken extends Token {
  /** SHA-256 of the secret, hexadecimal. */
  readonly hash: string;
}
