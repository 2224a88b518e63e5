import { z } from "zod";

/**
 * What a tenant may have before the relay's administrator says otherwise; null is without a limit. All are far above
 * what one site needs and far below what would slow down the others.
 */
export const DEFAULT_LIMITS = {
  networks: 1_000,
  devices: 10_000,
  tokens: 10_000,
  /** Invites that would still let somebody in. */
  invites: 10_000,
  /** Addresses reserved in its networks, all together. */
  reserved_addresses: 10_000,
  sessions: 10_000,
  /** Networks that its sessions have joined, each counted once for each session. */
  memberships: 20_000,
  /** MAC addresses of each session, in all its networks: enough for a bridged lab bench. */
  session_macs: 64,
  /** MAC addresses learnt, of all sessions together. */
  macs: 200_000,
  /** IP addresses that its networks' neighbour tables know, all together. */
  neighbours: 65_536,
  /** Multicast memberships that its networks' snooping keeps, all together. */
  groups: 65_536,
  /** Bytes that wait for its receivers that read slowly, all together. */
  queued_bytes: 67_108_864,
  /** Captures that run at once. */
  captures: 8,
  /** Entries of the audit log that are kept. */
  audit_entries: 100_000,
  /** DNS queries that its hubs answer. */
  dns_queries_per_second: 2_000,
  /** Control messages that its members send. */
  control_messages_per_second: 2_000,
  /** Bytes of control messages that the relay sends to its members: one to N members counts N times. */
  control_bytes_per_second: 8_388_608,
  /** Changes that its administrators make over the API, and devices that enrol. */
  changes_per_minute: 600,
  /** What its devices may send, all together: bytes of frames, and packets. */
  bytes_per_second: null,
  packets_per_second: null,
  /** From here on, of each network. */
  network_devices: 10_000,
  network_sessions: 10_000,
  network_macs: 100_000,
  /** MAC addresses of each session in the network; without it what `session_macs` says. */
  network_session_macs: null,
  network_bytes_per_second: null,
  network_packets_per_second: null,
} as const satisfies Readonly<Record<string, number | null>>;

export type LimitName = keyof typeof DEFAULT_LIMITS;
export type TenantLimits = Readonly<Record<LimitName, number | null>>;

export const LIMIT_NAMES = Object.keys(DEFAULT_LIMITS) as readonly LimitName[];

/** Those that one network may have of its own, in place of its tenant's. */
export type NetworkLimitName = Extract<LimitName, `network_${string}`>;
export type NetworkLimits = Readonly<Record<NetworkLimitName, number | null>>;

/** Has a network go by its tenant's limit again. */
export const INHERIT = "inherit";
export type NetworkLimitsChange = Readonly<Partial<Record<NetworkLimitName, number | null | typeof INHERIT>>>;

export const NETWORK_LIMIT_NAMES = LIMIT_NAMES.filter((name) =>
  name.startsWith("network_"),
) as NetworkLimitName[];

const limit = z.number().int().min(0).max(1_000_000_000_000).nullable();

export const limits = z
  .object(
    ofEach(LIMIT_NAMES, (name) =>
      limit.meta({ description: `${DEFAULT_LIMITS[name] ?? "null"} unless it is changed.` }),
    ),
  )
  .meta({ id: "Limits", description: "How much a tenant may have; null is without a limit." });

export const limitsChange = z
  .strictObject(ofEach(LIMIT_NAMES, () => limit.optional()))
  .meta({ id: "LimitsChange", description: "Those not named stay." });
export type LimitsChange = z.input<typeof limitsChange>;

export const networkLimits = z
  .object(ofEach(NETWORK_LIMIT_NAMES, () => limit))
  .meta({ id: "NetworkLimits", description: "How much a network may have; null is without a limit." });

export const networkLimitsChange = z
  .strictObject(ofEach(NETWORK_LIMIT_NAMES, () => z.union([limit, z.literal(INHERIT)]).optional()))
  .meta({
    id: "NetworkLimitsChange",
    description: `Those not named stay; \`${INHERIT}\` is what the tenant has for each network.`,
  });

function ofEach<Name extends LimitName, Schema extends z.ZodType>(
  names: readonly Name[],
  schemaOf: (name: Name) => Schema,
): Record<Name, Schema> {
  return Object.fromEntries(names.map((name) => [name, schemaOf(name)])) as Record<Name, Schema>;
}
