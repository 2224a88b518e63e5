import type { ControlRates } from "./control-budget.ts";

/** The limits of the relay's load, each with its unit and reason; each tenant's share is a limit of its own. */
export interface LoadLimits {
  /** Bytes that wait for receivers of all tenants: a good part of the memory of a small server. */
  readonly queuedBytes: number;
  /** Networks joined by sessions of all tenants: each is a port of some kilobytes. */
  readonly memberships: number;
  /** Bytes that wait for connections before `welcome`: each has a challenge and little more. */
  readonly strangersBytes: number;
  /** Rates of all connections before `welcome` together: a `hello` each, when a site comes back. */
  readonly strangers: ControlRates;
  /**
   * Rates of one session, so that its tenant's other sessions have room: a client that joins 400 networks is well
   * below.
   */
  readonly session: ControlRates;
  /** Bytes of control messages that a client may leave unread even if its tenant's memory is used up. */
  readonly leastUnreadBytes: number;
}

export const LOAD_LIMITS: LoadLimits = {
  queuedBytes: 512 * 1024 * 1024,
  memberships: 200_000,
  strangersBytes: 16 * 1024 * 1024,
  strangers: { messages: 4_000, bytes: 4 * 1024 * 1024 },
  session: { messages: 500, bytes: 1024 * 1024 },
  leastUnreadBytes: 16 * 1024,
};

/**
 * Bytes of messages waiting for a tenant's turn at which the relay stops reading its sessions: a few rounds of work.
 */
export const WAITING_BYTES = 4 * 1024 * 1024;
