import type { ControlRates } from "./control-budget.ts";

/** What bounds the load that the relay takes on at a time, each with its unit and reason; a tenant's part is a limit of its own. */
export const LOAD_LIMITS = {
  /** Bytes that wait for receivers, of all tenants: a sixteenth of the memory of a small server. */
  queuedBytes: 512 * 1024 * 1024,
  /** Bytes that wait for connections before `welcome`: each has a challenge and little more. */
  strangersBytes: 16 * 1024 * 1024,
  /** What connections before `welcome` may say and hear, all together: a `hello` each, when a site comes back. */
  strangers: { messages: 4_000, bytes: 4 * 1024 * 1024 } satisfies ControlRates,
  /** What one session may, as its tenant's other sessions have to have room: a client that joins 400 networks is well below. */
  session: { messages: 500, bytes: 2 * 1024 * 1024 } satisfies ControlRates,
  /** Bytes of messages that wait for their tenant's turn, after which none of its sessions is read: a few rounds of work. */
  waitingBytes: 4 * 1024 * 1024,
  /** Bytes of control messages that a client may leave unread even where its tenant's memory is used up. */
  leastUnreadBytes: 16 * 1024,
} as const;
