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
  /** Of `hello`: nothing is said of the credentials. */
  late: 4008,
  replaced: 4009,
} as const;

/** What a client does once its session was closed. */
export type AfterClose = "stop" | "reconnect" | "reconnect-soon";

/** Why a relay closes where `hello` is late. One before 4008 was there says it with the code of wrong credentials. */
export const LATE_HELLO = "no hello within 5 seconds";

/** The client's column of the protocol's table of close codes; codes it does not name reconnect. */
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
