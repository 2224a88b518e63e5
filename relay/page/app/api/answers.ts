// What the API answers (docs/api.md): types alone, nothing of this reaches the browser.

import type { TenantLimits } from "../../../../shared/api/resources/limits.ts";
import type { DropReason } from "../../../../shared/switch/drops.ts";
import type { PortRole } from "../../../../shared/switch/port.ts";
import type { NetworkSettings } from "../../../../shared/switch/settings.ts";
import type { NetworkMode } from "../../../model/model.ts";

/** ISO 8601. */
type Time = string;

export interface Me {
  readonly role: "relay-admin" | "tenant-admin";
  readonly tenant: string | null;
  readonly name: string | null;
  readonly expires_at: Time | null;
}

export interface Tenant {
  readonly name: string;
}

export interface Network {
  readonly name: string;
  readonly tenant: string;
  readonly vni: number;
  readonly group: string;
  readonly mtu: number;
  readonly subnet: string | null;
  readonly addresses: boolean;
  readonly prefix6: string | null;
  readonly mode: NetworkMode;
  readonly settings: NetworkSettings;
}

/** A member that has joined now. */
export interface Counter {
  readonly port: string;
  readonly name: string | null;
  readonly device: string | null;
  readonly state: "open" | "cut";
  readonly rx_frames: number;
  readonly rx_bytes: number;
  readonly tx_frames: number;
  readonly tx_bytes: number;
  readonly drops: Readonly<Partial<Record<DropReason, number>>>;
}

export interface FdbEntry {
  readonly mac: string;
  readonly port: string;
  readonly kind: "learned" | "static" | "registered";
  readonly age_seconds: number;
}

export interface Group {
  readonly group: string;
  readonly vlans: readonly number[];
  readonly ports: readonly string[];
}

export interface Neighbour {
  readonly address: string;
  readonly mac: string;
  readonly port: string;
  readonly kind: string;
  readonly age_seconds: number;
}

export interface Address {
  readonly id: string;
  readonly address: string;
  readonly address6: string | null;
  readonly device: string | null;
  /** Who uses it without having been given it. */
  readonly mac: string | null;
  readonly kind: "given" | "fixed" | "reserved" | "in-use";
}

export interface TraceStep {
  readonly step: string;
  readonly result: string;
  readonly detail: string;
}

export interface Device {
  readonly id: string;
  readonly name: string;
  readonly networks: readonly string[];
  readonly online: boolean;
  readonly created_at: Time;
  readonly last_seen: Time | null;
}

export interface Invite {
  readonly id: string;
  readonly network: string;
  readonly uses: number;
  readonly used: number;
  readonly created_at: Time;
  readonly expires_at: Time;
}

export interface NewInvite extends Invite {
  readonly link: string;
  readonly app_link: string | null;
}

export interface Token {
  readonly id: string;
  readonly networks: readonly string[];
  readonly all_networks: boolean;
  readonly roles: readonly PortRole[];
  readonly name: string | null;
  readonly created_at: Time;
  readonly expires_at: Time | null;
}

export interface Admin {
  readonly id: string;
  readonly name: string | null;
  readonly created_at: Time;
  readonly expires_at: Time | null;
}

export interface Secret {
  readonly id: string;
  readonly token: string;
}

/** Something that a tenant's administrator should know of. */
export interface Notice {
  readonly code: string;
  /** Null where it is about the tenant as a whole. */
  readonly network: string | null;
  readonly message: string;
  readonly hint: string;
  readonly first_at: Time;
  readonly last_at: Time;
  readonly count: number;
}

export interface AuditEntry {
  readonly at: Time;
  readonly actor: string;
  readonly action: string;
  readonly object: string;
  readonly from: string | null;
  /** Of the whole relay's alone. */
  readonly tenant?: string | null;
}

export type Limits = TenantLimits;

/** How much a tenant has now of what is counted. */
export type Usage = Partial<Readonly<Record<keyof Limits, number>>>;

/** The first rows of a list, and whether there are more. */
export interface Rows<Row> {
  readonly rows: readonly Row[];
  readonly more: boolean;
}
