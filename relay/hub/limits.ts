import { LOAD_LIMITS, type LoadLimits } from "./load/limits.ts";

/** The hub's own limits, each with its unit and reason. What both ends must know is in shared/tunnel/constants.ts. */
export interface HubLimits {
  /** What sessions may cost. */
  readonly load: LoadLimits;
  /** Source addresses that one session may have behind it: enough for a bridged lab bench. */
  readonly macsPerSession: number;
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
  macsPerSession: 64,
  queueBytes: 1_536 * 1024,
  connectionsPerAddress: 16_384,
  strangersPerAddress: 256,
  strangers: 4_096,
  earlyMessages: 64,
  helloBytes: 8_192,
  unreadBytes: 1_048_576,
};
