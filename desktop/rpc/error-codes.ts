/**
 * Every error code of the agent, in `error.data.code`, `NetworkStatus.error` and `done`. A relay of another version may
 * have more: show an unknown code by its message and hint.
 */
export const ERROR_CODES = [
  // The agent itself, and reaching it.
  "agent.not-running",
  "agent.not-reachable",
  "agent.untrusted-socket",
  "agent.version",
  "agent.forbidden",
  "agent.busy",
  "agent.running-already",
  "agent.not-supported",
  "agent.too-big",
  "agent.malformed",
  "agent.unknown-method",
  "agent.invalid-params",
  "agent.gone",
  "agent.internal",
  "job.unknown",
  "job.too-many",
  // Stored state.
  "state.corrupt",
  "state.unreadable",
  "state.unwritable",
  // The interface.
  "tap.unsupported-platform",
  "tap.no-permission",
  "tap.no-device",
  "tap.no-driver",
  "tap.no-ffi",
  "tap.name-taken",
  "tap.refused",
  "tap.gone",
  "link.no-iproute2",
  "link.no-permission",
  "link.name-taken",
  "link.gone",
  "link.refused",
  "interface.changed",
  "interface.overlap",
  "address.refused",
  // The relay and the path to it.
  "relay.unreachable",
  "relay.away",
  "relay.not-a-relay",
  "relay.websocket-blocked",
  "relay.certificate",
  "relay.refused-value",
  "relay.login",
  "proxy.login",
  "proxy.forbidden",
  "proxy.failed",
  "proxy.unreachable",
  "tunnel.closed-1009",
  "tunnel.closed-4001",
  "tunnel.closed-4002",
  "tunnel.closed-4003",
  "tunnel.closed-4004",
  "tunnel.closed-4009",
  // Networks.
  "network.unknown",
  "network.ambiguous",
  "network.none",
  "network.refused",
  "network.changed",
  "network.not-up",
  "peer.unknown",
  "peer.offline",
  "peer.no-answer",
  // Invites and enrolment.
  "usage.invite",
  "invite.refused",
  "invite.expired",
  "invite.used-up",
  "invite.revoked",
  "enrol.bad-proof",
  "enrol.bad-key",
  "enrol.device-revoked",
  "limit.devices",
  "limit.network-devices",
  "rate.limited",
  "request.invalid",
  // Administration.
  "admin.no-token",
  "admin.refused",
  "admin.forbidden",
  // Invalid values.
  "usage.cidr",
  "usage.mac",
  "usage.relay",
  "usage.proxy",
  "usage.ca",
  "tap.name-invalid",
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

/** Returns whether a code is one of {@link ERROR_CODES}. */
export function isErrorCode(code: string): code is ErrorCode {
  return (ERROR_CODES as readonly string[]).includes(code);
}
