/** Close codes of `laneway.v1` (docs/protocol.md, "Closing"); 1000 to 1013 are RFC 6455's and IANA's. */
export const Close = {
  normal: 1000,
  goingAway: 1001,
  tooBig: 1009,
  restart: 1012,
  overloaded: 1013,
  refused: 4001,
  malformed: 4002,
  revoked: 4003,
  unsupported: 4004,
  replaced: 4009,
} as const;

/** What a client does once its session was closed. */
export type AfterClose = "stop" | "reconnect" | "reconnect-soon";

/** The client's column of the protocol's table of close codes; codes it does not name reconnect. */
export function afterClose(code: number): AfterClose {
  switch (code) {
    case Close.tooBig:
    case Close.refused:
    case Close.malformed:
    case Close.revoked:
    case Close.unsupported:
    case Close.replaced:
      return "stop";
    case Close.restart:
      return "reconnect-soon";
    default:
      return "reconnect";
  }
}

/** Cuts a close reason to the 123 bytes of UTF-8 that a close frame holds (RFC 6455 section 5.5). */
export function closeReason(text: string): string {
  const encoder = new TextEncoder();
  let reason = text;
  while (encoder.encode(reason).length > 123) reason = reason.slice(0, -1);
  return reason;
}
