import { LOAD_LIMITS, type LoadLimits } from "./load/limits.ts";

/**
 * The hub's own limits, each with its unit and reason. Limits that both ends must know are in
 * shared/protocol/constants.ts.
 */
export interface HubLimits {
  /** Limits on what sessions may cost. */
  readonly load: LoadLimits;
  /**
   * Bytes queued for a receiver that reads slowly. Where client, relay and client share few cores, a sender's flight
   * arrives in bursts, and each burst that does not fit costs TCP a train of segments: a third of this size caused
   * three times as many retransmissions. It delays no other flow, because the queue is fair. With the window before it,
   * a receiver that does not read at all costs less than 2 MiB.
   */
  readonly queueBytes: number;
  /** Tunnels from one address, or one /64 of IPv6: a whole site may be behind one NAT. */
  readonly connectionsPerAddress: number;
  /** Tunnels of one address that are not welcomed yet: what a stranger can hold open. */
  readonly strangersPerAddress: number;
  /** Tunnels that are not welcomed yet, from all addresses together. */
  readonly strangers: number;
  /** Control messages before `welcome`: a `hello`, and room for pings and future messages. */
  readonly earlyMessages: number;
  /** Maximum characters of a message before `welcome`: several times the length of a `hello`. */
  readonly helloBytes: number;
  /** Bytes that may wait for a client that does not read: bounds control messages; frames are dropped far below. */
  readonly unreadBytes: number;
}

export const HUB_LIMITS: HubLimits = {
  load: LOAD_LIMITS,
  queueBytes: 1_536 * 1024,
  connectionsPerAddress: 16_384,
  strangersPerAddress: 256,
  strangers: 4_096,
  earlyMessages: 64,
  helloBytes: 8_192,
  unreadBytes: 1_048_576,
};

/**
 * Limits on the tables of all tenants together, so that many tenants at their limits cannot exhaust the relay's memory.
 * Each is a multiple of one tenant's default, because few tenants use all of it.
 */
export const RELAY_LIMITS = {
  /** MAC addresses, of about 130 bytes: 100 MiB. */
  macs: 800_000,
  /** MAC addresses with a history of moves, about 180 bytes each: 11 MiB. */
  histories: 65_536,
  /** IP addresses in neighbour tables, of about 220 bytes: 55 MiB. */
  neighbours: 262_144,
  /** Multicast memberships, of about 230 bytes: 57 MiB. */
  groups: 262_144,
  /** Bytes of packets that wait in routers until their destinations are resolved. */
  waitingBytes: 64 * 1024 * 1024,
  /** DNS queries per second: a look-up takes about 50 µs, so this is less than half of a core. */
  dnsQueries: 8_000,
} as const;

/**
 * Limits of one tenant for resources without a limit of their own. With its limits `macs` (25 MiB), `neighbours` (20
 * MiB if all are in dispute) and `groups` (14 MiB) unset, its tables take at most 62 MiB.
 */
export const TENANT_LIMITS = {
  /** MAC addresses with a history of moves: 3 MiB. */
  histories: 16_384,
  /** Bytes of packets that wait in the routers of its networks. */
  waitingBytes: 8 * 1024 * 1024,
} as const;

/**
 * Reserved for each tenant, even if others exhaust {@link RELAY_LIMITS}: enough for some thousand machines. Not counted
 * there.
 */
export const RESERVED = {
  macs: 4_096,
  histories: 256,
  neighbours: 4_096,
  groups: 4_096,
  waitingBytes: 256 * 1024,
} as const;

/** Limits of one network, so that no network uses up its tenant's share. */
export const NETWORK_LIMITS = {
  histories: 1_024,
  /** Half of a tenant's default. */
  neighbours: 32_768,
  groups: 32_768,
} as const;
