import { z } from "zod";

/**
 * The limits of a tenant until the relay's administrator changes them; null is unlimited. All are far above what one
 * site needs and far below what would slow down other tenants.
 */
export const DEFAULT_LIMITS = {
  networks: 1_000,
  devices: 10_000,
  tokens: 10_000,
  /** Invites that are still valid. */
  invites: 10_000,
  /** Reserved addresses in all its networks together. */
  reserved_addresses: 10_000,
  sessions: 10_000,
  /** Joined networks of its sessions, each counted once for each session. */
  memberships: 20_000,
  /** MAC addresses of each session in all its networks together: enough for a bridged lab bench. */
  session_macs: 64,
  /** Learnt MAC addresses of all its sessions together. */
  macs: 200_000,
  /** IP addresses in its networks' neighbour tables together. */
  neighbours: 65_536,
  /** Multicast memberships in its networks' snooping tables together. */
  groups: 65_536,
  /** Bytes queued for slow receivers together. */
  queued_bytes: 67_108_864,
  /** Concurrent captures. */
  captures: 8,
  /** Kept entries of the audit log. */
  audit_entries: 100_000,
  /** DNS queries that its hubs answer, per second. */
  dns_queries_per_second: 2_000,
  /** Control messages from its members, per second. */
  control_messages_per_second: 2_000,
  /** Bytes of control messages that the relay sends to its members, per second: one to N members counts N times. */
  control_bytes_per_second: 8_388_608,
  /** Changes by its administrators over the API, and enrolments of devices, per minute. */
  changes_per_minute: 600,
  /** Bytes and packets of frames from all its devices together, per second. */
  bytes_per_second: null,
  packets_per_second: null,
  /** The limits from here on apply to each network. */
  network_devices: 10_000,
  network_sessions: 10_000,
  network_macs: 100_000,
  /** MAC addresses of each session in the network; `session_macs` applies by default. */
  network_session_macs: null,
  network_bytes_per_second: null,
  network_packets_per_second: null,
} as const satisfies Readonly<Record<string, number | null>>;

export type LimitName = keyof typeof DEFAULT_LIMITS;
export type TenantLimits = Readonly<Record<LimitName, number | null>>;

export const LIMIT_NAMES = Object.keys(DEFAULT_LIMITS) as readonly LimitName[];

/** The limits that a network may override. */
export type NetworkLimitName = Extract<LimitName, `network_${string}`>;
export type NetworkLimits = Readonly<Record<NetworkLimitName, number | null>>;

/** The value that makes a network follow its tenant's limit again. */
export const INHERIT = "inherit";
export type NetworkLimitsChange = Readonly<Partial<Record<NetworkLimitName, number | null | typeof INHERIT>>>;

export const NETWORK_LIMIT_NAMES = LIMIT_NAMES.filter((name) =>
  name.startsWith("network_"),
) as NetworkLimitName[];

const limit = z.number().int().min(0).max(1_000_000_000_000).nullable();

export const limits = z
  .object(
    ofEach(LIMIT_NAMES, (name) => limit.meta({ description: `Default ${DEFAULT_LIMITS[name] ?? "null"}.` })),
  )
  .meta({ id: "Limits", description: "The limits of a tenant; null means no limit." });

export const limitsChange = z
  .strictObject(ofEach(LIMIT_NAMES, () => limit.optional()))
  .meta({ id: "LimitsChange", description: "Limits that you omit stay unchanged." });
export type LimitsChange = z.input<typeof limitsChange>;

export const networkLimits = z
  .object(ofEach(NETWORK_LIMIT_NAMES, () => limit))
  .meta({ id: "NetworkLimits", description: "The limits of a network; null means no limit." });

export const networkLimitsChange = z
  .strictObject(ofEach(NETWORK_LIMIT_NAMES, () => z.union([limit, z.literal(INHERIT)]).optional()))
  .meta({
    id: "NetworkLimitsChange",
    description: `Limits that you omit stay unchanged; \`${INHERIT}\` applies the tenant's limit for each network.`,
  });

function ofEach<Name extends LimitName, Schema extends z.ZodType>(
  names: readonly Name[],
  schemaOf: (name: Name) => Schema,
): Record<Name, Schema> {
  return Object.fromEntries(names.map((name) => [name, schemaOf(name)])) as Record<Name, Schema>;
}
