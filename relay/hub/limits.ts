import { LOAD_LIMITS, type LoadLimits } from "./load/limits.ts";

/** The hub's own limits, each with its unit and reason. What both ends must know is in shared/protocol/constants.ts. */
export interface HubLimits {
  /** What sessions may cost. */
  readonly load: LoadLimits;
  /**
   * Bytes that wait for a receiver who reads slowly. Where client, relay and client share few cores, what a sender has in
   * flight arrives in bursts, and each that does not fit costs TCP a train of segments; with a third of this three times
   * as many were sent again. It delays no other flow, because the queue is fair, and with the window before it a receiver
   * that does not read at all costs less than 2 MiB.
   */
  readonly queueBytes: number;
  /** Tunnels from one address, or one /64 of IPv6: a whole site may be behind one NAT. */
  readonly connectionsPerAddress: number;
  /** Of these, tunnels that were not welcomed yet: what a stranger can hold open. */
  readonly strangersPerAddress: number;
  /** Tunnels that were not welcomed yet, from all addresses together. */
  readonly strangers: number;
  /** Control messages before `welcome`: a `hello`, and pings or messages to come beside it. */
  readonly earlyMessages: number;
  /** Characters of a message before `welcome` at most: several times what a `hello` takes. */
  readonly helloBytes: number;
  /** Bytes that may wait for a client which does not read: frames are dropped far below, this is for control. */
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
 * What all tenants together may have in the tables of their networks, so that many tenants that take all they may don't take
 * the relay's memory. Each is some times what one tenant may have unless it is set, because few tenants take all.
 */
export const RELAY_LIMITS = {
  /** MAC addresses, of some 130 bytes: 100 MiB. */
  macs: 800_000,
  /** Of those, such of which it is remembered where they were before, some 180 bytes each: 11 MiB. */
  histories: 65_536,
  /** IP addresses in neighbour tables, of some 220 bytes: 55 MiB. */
  neighbours: 262_144,
  /** Multicast memberships, of some 230 bytes: 57 MiB. */
  groups: 262_144,
  /** Bytes of packets that wait in networks' routers until it is known where their destinations are. */
  waitingBytes: 64 * 1024 * 1024,
  /** DNS queries per second: a look-up takes some 50 µs, so this is less than half of a core. */
  dnsQueries: 8_000,
} as const;

/**
 * What one tenant may have of what has no limit of its own. With its limits `macs` (25 MiB), `neighbours` (20 MiB where all of
 * them are in dispute) and `groups` (14 MiB) unset, its tables take 62 MiB at most.
 */
export const TENANT_LIMITS = {
  /** Of its MAC addresses, such of which it is remembered where they were before: 3 MiB. */
  histories: 16_384,
  /** Bytes of packets that wait in the routers of its networks. */
  waitingBytes: 8 * 1024 * 1024,
} as const;

/** What each tenant may have whatever others take of {@link RELAY_LIMITS}: some thousand machines. It is not counted there. */
export const RESERVED = {
  macs: 4_096,
  histories: 256,
  neighbours: 4_096,
  groups: 4_096,
  waitingBytes: 256 * 1024,
} as const;

/** What one network may have, so that no network takes all of its tenant's. */
export const NETWORK_LIMITS = {
  histories: 1_024,
  /** Half of what a tenant may have unless it is set. */
  neighbours: 32_768,
  groups: 32_768,
} as const;
