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
  /** No valid `hello` in time, which says nothing about the credentials. */
  late: 4008,
  replaced: 4009,
} as const;

/** A client's reaction to the end of its session. */
export type AfterClose = "stop" | "reconnect" | "reconnect-soon";

/** The reason text for a late `hello`. A relay from before code 4008 sends it with the code of wrong credentials. */
export const LATE_HELLO = "no hello within 5 seconds";

/** Returns a client's reaction to a close code by the protocol's table; other codes reconnect. */
export function afterClose(code: number, reason = ""): AfterClose {
  if (code === Close.refused && reason === LATE_HELLO) return "reconnect";
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
