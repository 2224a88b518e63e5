import type { ControlRates } from "./control-budget.ts";

/** What bounds the load that the relay takes on at a time, each with its unit and reason; a tenant's part is a limit of its own. */
export interface LoadLimits {
  /** Bytes that wait for receivers, of all tenants: a good part of the memory of a small server. */
  readonly queuedBytes: number;
  /** Networks that sessions of all tenants have joined: each is a port of some kilobytes. */
  readonly memberships: number;
  /** Bytes that wait for connections before `welcome`: each has a challenge and little more. */
  readonly strangersBytes: number;
  /** What connections before `welcome` may say and hear, all together: a `hello` each, when a site comes back. */
  readonly strangers: ControlRates;
  /** What one session may, as its tenant's other sessions have to have room: a client that joins 400 networks is well below. */
  readonly session: ControlRates;
  /** Bytes of control messages that a client may leave unread even where its tenant's memory is used up. */
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

/** Bytes of messages that wait for their tenant's turn, after which none of its sessions is read: a few rounds of work. */
export const WAITING_BYTES = 4 * 1024 * 1024;
